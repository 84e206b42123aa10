-- How often somebody did something lately, as the moment at which it is forgotten. Unlogged: writing costs no disk flush,
-- and a crash of the server only forgives.
CREATE UNLOGGED TABLE rate_limits (
  key     text PRIMARY KEY,                      -- a digest: names and addresses are not kept
  full_at timestamptz NOT NULL
);
CREATE INDEX rate_limit_age ON rate_limits (full_at);
