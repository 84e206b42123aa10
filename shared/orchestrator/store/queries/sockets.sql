-- name: insert_ticket
-- Index: none read.
INSERT INTO socket_tickets (hash, owner_id, expires_at, token_expires_at)
VALUES (%(hash)s, %(owner_id)s, task_now() + make_interval(secs => %(life)s), to_timestamp(%(token_expires)s));

-- name: open_connection
-- Spends a ticket and opens its connection; no row when the ticket is unknown, spent or too old.
-- Index: socket_tickets_pkey, socket_connections_pkey.
WITH ticket AS (
  DELETE FROM socket_tickets WHERE hash = %(hash)s RETURNING *
)
INSERT INTO socket_connections (id, owner_id, expires_at)
SELECT %(id)s, owner_id, token_expires_at FROM ticket WHERE expires_at > task_now()
ON CONFLICT (id) DO NOTHING
RETURNING owner_id;

-- name: get_connection
-- Index: socket_connections_pkey.
SELECT id, owner_id, subscribed, task_ids, cursor, expires_at <= task_now() AS expired FROM socket_connections WHERE id = %(id)s;

-- name: begin_subscription
-- Index: socket_connections_pkey.
UPDATE socket_connections SET subscribed = true, task_ids = %(task_ids)s::uuid[], cursor = %(cursor)s WHERE id = %(id)s
RETURNING id;

-- name: end_subscription
-- Index: socket_connections_pkey.
UPDATE socket_connections SET subscribed = false, task_ids = NULL, cursor = NULL WHERE id = %(id)s;

-- name: keep_cursors
-- What connections have been sent. Only over the cursor that was read: a newer subscription or push stands.
-- Index: socket_connections_pkey.
UPDATE socket_connections s SET cursor = c.sent
FROM unnest(%(ids)s::text[], %(read)s::text[], %(sent)s::text[]) AS c (id, read, sent)
WHERE s.id = c.id AND s.cursor = c.read AND s.subscribed;

-- name: subscribers
-- The subscribed connections of owners.
-- Index: connection_owner.
SELECT id, owner_id, task_ids, cursor, expires_at <= task_now() AS expired FROM socket_connections
WHERE owner_id = ANY(%(owners)s) AND subscribed;

-- name: delete_connections
-- Index: socket_connections_pkey.
DELETE FROM socket_connections WHERE id = ANY(%(ids)s);

-- name: expired_connections
-- Index: connection_expiry.
SELECT id FROM socket_connections WHERE expires_at <= task_now() ORDER BY expires_at LIMIT %(limit)s;
