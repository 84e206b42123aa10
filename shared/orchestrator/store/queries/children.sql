-- name: insert_children
-- Insert the children that a handler spawned, with their first events. A child of an earlier attempt stays as it is.
-- Index: agent_tasks_pkey, task_spawn.
WITH child AS (
  INSERT INTO agent_tasks (id, owner_id, type, payload, payload_version, max_attempts, due_at, wake_at, ready_at, limited,
                           parent_id, spawn_key, gather, traceparent, deadline_at)
  SELECT c.id, c.owner_id, c.type, c.payload::jsonb, c.payload_version, c.max_attempts, task_now(), task_now() + {message_lost_after},
         task_now(), c.limited, c.parent_id, c.spawn_key, c.gather, c.traceparent, task_now() + make_interval(secs => c.deadline)
  FROM unnest(%(ids)s::uuid[], %(owners)s::text[], %(types)s::text[], %(payloads)s::text[], %(versions)s::smallint[],
              %(max_attempts)s::smallint[], %(limited)s::boolean[], %(parents)s::uuid[], %(keys)s::text[], %(gathers)s::text[],
              %(traceparents)s::text[], %(deadlines)s::float8[])
    AS c (id, owner_id, type, payload, payload_version, max_attempts, limited, parent_id, spawn_key, gather, traceparent, deadline)
  ON CONFLICT DO NOTHING
  RETURNING *
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'submitted', status, owner_id, jsonb_build_object('parent', parent_id) FROM child
)
SELECT id, owner_id, type, traceparent FROM child;

-- name: children
-- Read a parent's children of one join, in the order of its calls.
-- Index: task_spawn.
SELECT id, type, status, result, error, spawn_key FROM agent_tasks
WHERE parent_id = %(parent_id)s AND (%(gather)s::text IS NULL OR gather = %(gather)s)
ORDER BY spawn_key;

-- name: list_children
-- Read a parent's children in the order of its calls, without their results.
-- Index: task_spawn.
SELECT id, type, status, spawn_key,
-- include: bounded_error
AS error
FROM agent_tasks WHERE parent_id = %(parent_id)s ORDER BY spawn_key LIMIT %(limit)s;

-- name: lock_parents
-- Lock before wake_parents, so that a parent that begins to wait and a child that finishes see each other.
-- Index: agent_tasks_pkey.
SELECT parent.id FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent
JOIN agent_tasks parent ON parent.id = sent.id ORDER BY parent.id FOR NO KEY UPDATE OF parent;

-- name: wake_parents
-- Make those parents due whose join has as many finished children as they wait for, or no unfinished child left,
-- or whose deadline has passed.
-- Index: agent_tasks_pkey; task_spawn for the children.
UPDATE agent_tasks parent
SET waiting_for = NULL, awaits = NULL, due_at = task_now(), wake_at = task_now() + {message_lost_after}, updated_at = task_now()
FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent
WHERE parent.id = sent.id AND status = 'pending' AND waiting_for IS NOT NULL
  AND (parent.deadline_at <= task_now()
       OR (SELECT count(*) FILTER (WHERE child.finished_at IS NOT NULL) >= parent.waiting_for
                  OR bool_and(child.finished_at IS NOT NULL) IS NOT FALSE
           FROM agent_tasks child WHERE child.parent_id = parent.id AND child.gather = parent.awaits))
RETURNING parent.id, owner_id, type, traceparent;
