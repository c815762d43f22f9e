-- +goose Up
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE audit (
  seq     BIGINT PRIMARY KEY,
  at_ns   BIGINT NOT NULL,
  trace   TEXT NOT NULL,
  kind    TEXT NOT NULL,
  user_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL,
  hash    TEXT NOT NULL
);

CREATE TABLE tickets (
  id         TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL,
  account    TEXT NOT NULL,
  client_ref TEXT,
  state      TEXT NOT NULL,
  created_ns BIGINT NOT NULL,
  expires_ns BIGINT NOT NULL,
  body       TEXT NOT NULL
);
CREATE UNIQUE INDEX tickets_ref ON tickets (user_id, account, client_ref);
CREATE INDEX tickets_pending ON tickets (user_id, state, expires_ns);

CREATE TABLE orders (
  id         TEXT PRIMARY KEY,
  ticket     TEXT NOT NULL,
  account    TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  symbol     TEXT NOT NULL,
  status     TEXT NOT NULL,
  created_ns BIGINT NOT NULL,
  updated_ns BIGINT NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, created_ns);
CREATE INDEX orders_account ON orders (account, status);
CREATE INDEX orders_ticket ON orders (ticket);

CREATE TABLE intents (
  id       TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  account  TEXT NOT NULL,
  state    TEXT NOT NULL,
  body     TEXT NOT NULL
);
CREATE INDEX intents_order ON intents (order_id);
CREATE INDEX intents_open ON intents (account, state);

CREATE TABLE fills (
  account  TEXT NOT NULL,
  id       TEXT NOT NULL,
  order_id TEXT NOT NULL,
  time_ns  BIGINT NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (account, id)
);

CREATE TABLE transactions (
  account  TEXT NOT NULL,
  seq      BIGINT NOT NULL,
  kind     TEXT NOT NULL,
  symbol   TEXT NOT NULL,
  order_id TEXT NOT NULL,
  time_ns  BIGINT NOT NULL,
  body     TEXT NOT NULL,
  PRIMARY KEY (account, seq)
);

CREATE TABLE cursors (
  account TEXT PRIMARY KEY,
  seq     BIGINT NOT NULL
);

CREATE TABLE day_use (
  account  TEXT PRIMARY KEY,
  day      TEXT NOT NULL,
  notional TEXT NOT NULL,
  quantity TEXT NOT NULL,
  orders   BIGINT NOT NULL
);
