-- name: insert_ticket
-- Insert nothing while a container may still accept a token from before a revocation.
-- Index: revocation_pkey.
INSERT INTO socket_tickets (hash, owner_id, session, expires_at, token_expires_at)
SELECT %(hash)s, %(owner_id)s, %(session)s, task_now() + make_interval(secs => %(life)s), to_timestamp(%(token_expires)s)
WHERE NOT EXISTS (SELECT FROM revocation WHERE task_now() < revoked_at + make_interval(secs => %(doubt)s));

-- name: open_connection
-- Use a ticket up and open its connection. No row: the ticket is unknown, used, too old or from before a revocation was
-- known everywhere, or its owner is erased. Delete the oldest connections of an owner with too many, and return their ids.
-- Index: socket_tickets_pkey, revocation_pkey, closed_owners_pkey, connection_owner, socket_connections_pkey.
WITH spent AS (
  DELETE FROM socket_tickets WHERE hash = %(hash)s RETURNING *
), ticket AS (
  SELECT * FROM spent WHERE expires_at > task_now()
    AND NOT EXISTS (SELECT FROM revocation WHERE spent.issued_at < revoked_at + make_interval(secs => %(doubt)s))
    AND NOT EXISTS (SELECT FROM closed_owners WHERE closed_owners.owner_id = spent.owner_id)
), crowded_out AS (
  DELETE FROM socket_connections WHERE id IN (
    SELECT c.id FROM socket_connections c JOIN ticket USING (owner_id)
    ORDER BY c.opened_at DESC, c.id OFFSET %(most)s - 1
  )
  RETURNING id
)
INSERT INTO socket_connections (id, owner_id, session, expires_at)
SELECT %(id)s, owner_id, session, token_expires_at FROM ticket
ON CONFLICT (id) DO NOTHING
RETURNING owner_id, (SELECT coalesce(array_agg(id), '{}') FROM crowded_out) AS crowded_out;

-- name: note_revocation
-- Index: revocation_pkey.
INSERT INTO revocation (revoked_at) VALUES (task_now()) ON CONFLICT (single) DO UPDATE SET revoked_at = excluded.revoked_at;

-- name: end_all_tickets
-- Index: none; tickets live a minute.
DELETE FROM socket_tickets;

-- name: end_all_connections
-- Index: connection_expiry.
UPDATE socket_connections SET expires_at = task_now() WHERE expires_at > task_now();

-- name: get_connection
-- Index: socket_connections_pkey.
SELECT id, owner_id, subscribed, task_ids, cursor, expires_at <= task_now() AS expired FROM socket_connections WHERE id = %(id)s;

-- name: begin_subscription
-- The connection begins as busy: the subscribing function is its first sender.
-- Index: socket_connections_pkey.
UPDATE socket_connections
SET subscribed = true, task_ids = %(task_ids)s::uuid[], cursor = %(cursor)s, again = false,
    busy_until = task_now() + {sender_gone_after}
WHERE id = %(id)s
RETURNING id;

-- name: end_subscription
-- Index: socket_connections_pkey.
UPDATE socket_connections SET subscribed = false, task_ids = NULL, cursor = NULL WHERE id = %(id)s;

-- name: take_turns
-- Reserve the subscribed connections of owners, or the named ones, for sending. One that another sender has reserved is
-- marked, so that the other sender reads its events once more.
-- Index: connection_owner, socket_connections_pkey.
UPDATE socket_connections s
SET again = turn.busy, busy_until = CASE WHEN turn.busy THEN s.busy_until ELSE task_now() + {sender_gone_after} END
FROM (
  SELECT id, coalesce(busy_until > task_now(), false) AS busy FROM socket_connections
  WHERE subscribed AND (owner_id = ANY(%(owners)s) OR id = ANY(%(ids)s))
  ORDER BY id FOR UPDATE
) turn
WHERE s.id = turn.id
RETURNING s.id, s.owner_id, s.task_ids, s.cursor, s.expires_at <= task_now() AS expired, s.subscribed, turn.busy;

-- name: end_turns
-- Store the new cursors, and end the reservation of connections that have every event and are not marked.
-- A newer subscription, which has another cursor and its own sender, stays as it is.
-- Index: socket_connections_pkey.
UPDATE socket_connections s
SET cursor = turn.sent, again = false, busy_until = CASE WHEN turn.more THEN task_now() + {sender_gone_after} END
FROM (
  SELECT s.id, c.sent, s.again OR NOT c.done AS more
  FROM socket_connections s
  JOIN unnest(%(ids)s::text[], %(read)s::text[], %(sent)s::text[], %(done)s::boolean[]) AS c (id, read, sent, done)
    ON s.id = c.id AND s.cursor = c.read
  WHERE s.subscribed
  ORDER BY s.id FOR UPDATE OF s
) turn
WHERE s.id = turn.id
RETURNING s.id, turn.more;

-- name: delete_connections
-- Index: socket_connections_pkey.
DELETE FROM socket_connections WHERE id = ANY(%(ids)s);

-- name: expired_connections
-- Index: connection_expiry.
SELECT id FROM socket_connections WHERE expires_at <= task_now() ORDER BY expires_at LIMIT %(limit)s;
