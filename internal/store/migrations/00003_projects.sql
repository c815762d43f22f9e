-- +goose Up
-- A deleted project's number is not used again: AUTOINCREMENT keeps the highest.
CREATE TABLE projects (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  owner TEXT NOT NULL,
  body  TEXT NOT NULL
);
CREATE INDEX projects_owner ON projects (owner);
INSERT INTO projects (id, owner, body) VALUES (20000000, '', '{}');
DELETE FROM projects;

CREATE TABLE project_members (
  project INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  PRIMARY KEY (project, user_id)
);
CREATE INDEX project_members_user ON project_members (user_id);

CREATE TABLE project_files (
  project     INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name        TEXT NOT NULL,
  modified_ns BIGINT NOT NULL,
  bytes       BIGINT NOT NULL,
  content     BLOB NOT NULL,
  PRIMARY KEY (project, name)
);

-- The sources that were compiled, each once, compressed.
CREATE TABLE snapshots (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL
);

CREATE TABLE compiles (
  id       TEXT PRIMARY KEY,
  project  INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  snapshot INTEGER NOT NULL REFERENCES snapshots (id),
  state    TEXT NOT NULL,
  body     TEXT NOT NULL
);
CREATE INDEX compiles_project ON compiles (project);
CREATE INDEX compiles_snapshot ON compiles (snapshot);
CREATE INDEX compiles_open ON compiles (id) WHERE state IN ('queued', 'running');

CREATE TABLE backtests (
  id       TEXT PRIMARY KEY,
  project  INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id  TEXT NOT NULL,
  state    TEXT NOT NULL,
  priority INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  body     TEXT NOT NULL
);
CREATE INDEX backtests_project ON backtests (project, seq);
CREATE INDEX backtests_open_user ON backtests (user_id) WHERE state IN ('queued', 'running');
CREATE INDEX backtests_open ON backtests (priority, seq) WHERE state IN ('queued', 'running');

-- The parts of a final result, compressed: charts, pages of orders, logs.
CREATE TABLE backtest_parts (
  backtest TEXT NOT NULL REFERENCES backtests (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,
  body     BLOB NOT NULL,
  PRIMARY KEY (backtest, name)
);

-- Users' numbers in QuantConnect's protocol, and the sealed secrets of their
-- API tokens.
CREATE TABLE user_numbers (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id TEXT NOT NULL UNIQUE
);
INSERT INTO user_numbers (number, user_id) VALUES (100000, '');
DELETE FROM user_numbers;

CREATE TABLE api_tokens (
  token_id TEXT PRIMARY KEY REFERENCES tokens (id) ON DELETE CASCADE,
  user_id  TEXT NOT NULL,
  sealed   TEXT NOT NULL
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);
