-- name: act
-- Settings, a role or both for one transaction; refuses a caller whose account is closed.
-- Index: closed_owners_pkey.
SELECT act(%(settings)s::json);

-- name: clean_session
-- Undo a handler's changes to its session, also inside a function of the database. Postgres visits only the settings
-- that differ from the session's first ones. A login can take no advisory lock of the session and make no temporary table.
-- Index: none; no table is read.
SELECT count(*) AS prepared FROM pg_prepared_statements WHERE from_sql;
CLOSE ALL;
UNLISTEN *;
RESET ALL;
RESET ROLE;

-- name: refuse_writes
-- Refuse writes until the transaction ends.
-- Index: none; no table is read.
SET TRANSACTION READ ONLY;
