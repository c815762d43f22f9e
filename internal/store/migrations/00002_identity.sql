-- +goose Up
CREATE TABLE platforms (
  id   TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  body TEXT NOT NULL
);

CREATE TABLE users (
  id       TEXT PRIMARY KEY,
  platform TEXT NOT NULL,
  hash     TEXT NOT NULL,
  body     TEXT NOT NULL
);
CREATE INDEX users_platform ON users (platform);

CREATE TABLE tokens (
  id         TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL,
  expires_ns BIGINT NOT NULL,
  revoked_ns BIGINT NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX tokens_user ON tokens (user_id, expires_ns);
CREATE INDEX tokens_revoked ON tokens (revoked_ns, expires_ns);

CREATE TABLE connections (
  id         TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL,
  created_ns BIGINT NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX connections_user ON connections (user_id);

CREATE TABLE accounts (
  id            TEXT PRIMARY KEY,
  connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  user_id       TEXT NOT NULL,
  body          TEXT NOT NULL
);
CREATE INDEX accounts_user ON accounts (user_id);
