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
-- Begins with the turn taken: the subscriber itself is the first sender.
-- Index: socket_connections_pkey.
UPDATE socket_connections
SET subscribed = true, task_ids = %(task_ids)s::uuid[], cursor = %(cursor)s, again = false,
    busy_until = task_now() + interval '10 seconds'
WHERE id = %(id)s
RETURNING id;

-- name: end_subscription
-- Index: socket_connections_pkey.
UPDATE socket_connections SET subscribed = false, task_ids = NULL, cursor = NULL WHERE id = %(id)s;

-- name: take_turns
-- The subscribed connections of owners, or those named, taken for sending for 10 seconds. One that another sender has
-- is only told to look again.
-- Index: connection_owner, socket_connections_pkey.
UPDATE socket_connections s
SET again = held.busy, busy_until = CASE WHEN held.busy THEN s.busy_until ELSE task_now() + interval '10 seconds' END
FROM (
  SELECT id, coalesce(busy_until > task_now(), false) AS busy FROM socket_connections
  WHERE subscribed AND (owner_id = ANY(%(owners)s) OR id = ANY(%(ids)s))
  ORDER BY id FOR UPDATE
) held
WHERE s.id = held.id
RETURNING s.id, s.owner_id, s.task_ids, s.cursor, s.expires_at <= task_now() AS expired, s.subscribed, held.busy;

-- name: end_turns
-- Keeps what connections have been sent, and lets go of those that are done unless they were told to look again.
-- Only over the cursor that was read: a newer subscription stands, and has its own sender.
-- Index: socket_connections_pkey.
UPDATE socket_connections s
SET cursor = held.sent, again = false, busy_until = CASE WHEN held.more THEN task_now() + interval '10 seconds' END
FROM (
  SELECT s.id, c.sent, s.again OR NOT c.done AS more
  FROM socket_connections s
  JOIN unnest(%(ids)s::text[], %(read)s::text[], %(sent)s::text[], %(done)s::boolean[]) AS c (id, read, sent, done)
    ON s.id = c.id AND s.cursor = c.read
  WHERE s.subscribed
  ORDER BY s.id FOR UPDATE OF s
) held
WHERE s.id = held.id
RETURNING s.id, held.more;

-- name: delete_connections
-- Index: socket_connections_pkey.
DELETE FROM socket_connections WHERE id = ANY(%(ids)s);

-- name: expired_connections
-- Index: connection_expiry.
SELECT id FROM socket_connections WHERE expires_at <= task_now() ORDER BY expires_at LIMIT %(limit)s;
