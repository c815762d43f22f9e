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
-- Partial indexes hold only what is looked for: an order that has ended costs
-- nothing to keep.
CREATE UNIQUE INDEX tickets_ref ON tickets (user_id, account, client_ref) WHERE client_ref IS NOT NULL;
CREATE INDEX tickets_pending ON tickets (expires_ns) WHERE state = 'pending';

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
CREATE INDEX orders_open ON orders (account) WHERE status NOT IN ('filled', 'cancelled', 'rejected', 'expired');

CREATE TABLE intents (
  id       TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  account  TEXT NOT NULL,
  state    TEXT NOT NULL,
  body     TEXT NOT NULL
);
CREATE INDEX intents_open ON intents (account) WHERE state IN ('recorded', 'sending');

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
