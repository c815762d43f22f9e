-- +goose Up
CREATE TABLE research_books (
  user_id TEXT NOT NULL,
  name    TEXT NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (user_id, name)
);

CREATE TABLE research_results (
  handle  TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  book    TEXT NOT NULL,
  state   TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  body    TEXT NOT NULL
);
CREATE INDEX research_results_book ON research_results (user_id, book, seq);
CREATE INDEX research_results_open ON research_results (handle) WHERE state = 'running';

-- What a result has too much of to be told at once, compressed.
CREATE TABLE research_tables (
  handle TEXT NOT NULL REFERENCES research_results (handle) ON DELETE CASCADE,
  name   TEXT NOT NULL,
  body   BLOB NOT NULL,
  PRIMARY KEY (handle, name)
);
