-- name: lock_requests
-- Waits for the owner's requests under way; later ones see this transaction's commit.
-- Index: none; no table is read.
SELECT pg_advisory_xact_lock(owner_lock(%(owner_id)s));

-- name: end_session
-- Index: ended_sessions_pkey.
INSERT INTO ended_sessions (owner_id, session) VALUES (%(owner_id)s, %(session)s) ON CONFLICT DO NOTHING;

-- name: next_generation
-- Ends the owner's sessions so far.
-- Index: session_generations_pkey.
INSERT INTO session_generations AS stored (owner_id, generation) VALUES (%(owner_id)s, 1)
ON CONFLICT (owner_id) DO UPDATE SET generation = stored.generation + 1
RETURNING generation;

-- name: generation
-- Index: session_generations_pkey.
SELECT generation FROM session_generations WHERE owner_id = %(owner_id)s;

-- name: end_session_tickets
-- Index: ticket_owner.
DELETE FROM socket_tickets WHERE owner_id = %(owner_id)s AND (%(all)s OR session IS NOT DISTINCT FROM %(session)s);

-- name: end_session_connections
-- The next ping, push or sweep closes them.
-- Index: connection_owner.
UPDATE socket_connections SET expires_at = task_now()
WHERE owner_id = %(owner_id)s AND (%(all)s OR session IS NOT DISTINCT FROM %(session)s) AND expires_at > task_now();

-- name: prune_sessions
-- Index: ended_session_age.
DELETE FROM ended_sessions WHERE ended_at < task_now() - make_interval(secs => %(seconds)s);
