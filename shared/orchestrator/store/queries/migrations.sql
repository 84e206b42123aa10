-- name: lock_migrations
-- Two migrations at once wait for each other.
-- Index: none; no table is read.
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: create_migrations
-- Read the applied migrations, each with its file at that time.
-- Index: none read.
CREATE TABLE IF NOT EXISTS schema_migrations (
  package text NOT NULL, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (package, name)
);

-- name: applied_checksum
-- Index: schema_migrations_pkey.
SELECT checksum FROM schema_migrations WHERE package = %(package)s AND name = %(name)s;

-- name: nothing_applied
-- Index: schema_migrations_pkey.
SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE package = %(package)s);

-- name: note_applied
-- Index: none read.
INSERT INTO schema_migrations (package, name, checksum) VALUES (%(package)s, %(name)s, %(checksum)s);
