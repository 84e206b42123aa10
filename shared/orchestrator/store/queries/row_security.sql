-- name: act
-- Settings, a role or both for one transaction; refuses a caller whose account is closed.
-- Index: closed_owners_pkey.
SELECT act(%(settings)s::json);

-- name: stop_clock
-- For tests: the session's clock stands still.
-- Index: none; no table is read.
SELECT set_config('orchestrator.now', %(now)s, false);
