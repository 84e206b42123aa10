-- name: insert_task
-- Insert a task with its first event; nulls when its id or its owner's idempotency key is already there.
-- Index: agent_tasks_pkey, task_idempotency.
SELECT due_at, created_at, due_in FROM submit_task(
  %(settings)s::json, %(id)s, %(owner_id)s, %(type)s, %(payload)s::jsonb, %(payload_version)s::smallint, %(max_attempts)s::smallint,
  %(limited)s, %(schedule_at)s::timestamptz, %(idempotency_key)s, %(request_hash)s, %(traceparent)s, %(deadline)s::float8);

-- name: insert_tasks
-- Insert tasks with their first events. Those whose id, idempotency key or unique key is taken are missing from the answer.
-- Index: agent_tasks_pkey, task_idempotency, task_unique.
WITH sent AS (
  SELECT *, greatest(schedule_at, task_now() + make_interval(secs => coalesce(delay, 0))) AS due FROM json_to_recordset(%(tasks)s::json)
    AS t (id uuid, owner_id text, type text, payload text, payload_version smallint, max_attempts smallint, limited boolean,
          deadline float8, schedule_at timestamptz, idempotency_key text, request_hash text, traceparent text, unique_key text, delay float8)
), task AS (
  INSERT INTO agent_tasks (id, owner_id, type, payload, payload_version, max_attempts, due_at, wake_at, ready_at, limited,
                           idempotency_key, request_hash, traceparent, deadline_at, unique_key)
  SELECT id, owner_id, type, payload::jsonb, payload_version, max_attempts, due,
         CASE WHEN due > task_now() + {longest_delay} THEN due ELSE due + {message_lost_after} END,
         due, limited, idempotency_key, decode(request_hash, 'hex'), traceparent, due + make_interval(secs => deadline), unique_key
  FROM sent ORDER BY owner_id, idempotency_key, unique_key, id
  ON CONFLICT DO NOTHING
  RETURNING id, owner_id, due_at, created_at
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)
  SELECT id, 1, 0, 'submitted', 'pending', owner_id FROM task
)
SELECT id, due_at, created_at, date_part('epoch', due_at - task_now()) AS due_in FROM task;

-- name: find_submitted
-- Read the task that an earlier submit created under this id or idempotency key.
-- Index: agent_tasks_pkey, task_idempotency.
SELECT *, extract(epoch FROM due_at - task_now())::float8 AS due_in FROM agent_tasks
WHERE id = %(id)s OR (owner_id = %(owner_id)s AND idempotency_key = %(idempotency_key)s)
LIMIT 1;

-- name: get_task
-- Read one task of an owner.
-- Index: agent_tasks_pkey.
SELECT * FROM agent_tasks WHERE id = %(id)s AND (%(any_owner)s OR owner_id = %(owner_id)s);

-- name: list_tasks
-- Read an owner's tasks, newest first, after a page cursor (the last id of the page before).
-- Index: task_owner, read backwards.
SELECT
-- include: listed_task
FROM agent_tasks
WHERE owner_id = %(owner_id)s
  AND id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(type)s::text IS NULL OR type = %(type)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- name: newest_completed
-- Read an owner's newest completed tasks of one type.
-- Index: task_finished, read backwards.
SELECT * FROM agent_tasks
WHERE owner_id = %(owner_id)s AND type = %(type)s AND finished_at IS NOT NULL AND status = 'completed'
ORDER BY finished_at DESC
LIMIT %(limit)s;

-- name: cancel
-- Cancel waiting or running tasks; a running attempt loses its token, so nothing of it commits. Their open questions are deleted.
-- Index: agent_tasks_pkey, agent_waits_pkey.
WITH locked AS (
  SELECT task.id FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent
  JOIN agent_tasks task ON task.id = sent.id
  WHERE (%(any_owner)s OR owner_id = %(owner_id)s) AND status IN ('pending', 'processing')
  ORDER BY task.id FOR NO KEY UPDATE OF task
), cancelled AS (
  UPDATE agent_tasks t
  SET status = 'cancelled', token = NULL, leased_until = NULL, leased_by = NULL, waiting_for = NULL, awaits = NULL, parked_by = NULL,
      wake_at = NULL, limited = false, finished_at = task_now(), updated_at = task_now(), seq = seq + 1
  FROM locked WHERE t.id = locked.id AND t.status IN ('pending', 'processing')
  RETURNING t.*
), question AS (
  DELETE FROM agent_waits w USING cancelled WHERE w.task_id = cancelled.id AND w.answered_at IS NULL
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'cancelled', status, owner_id,
         jsonb_strip_nulls(jsonb_build_object('by', %(actor)s::text, 'reason', %(reason)s::text)) FROM cancelled
)
SELECT * FROM cancelled;

-- name: living_descendants
-- Read the unfinished descendants of tasks. The search for an owner stops at a child of another owner.
-- The lateral join keeps to the index, however many tasks the planner expects.
-- Index: task_spawn.
WITH RECURSIVE family AS (
  SELECT id, status FROM agent_tasks WHERE parent_id = ANY(%(ids)s) AND (%(any_owner)s OR owner_id = %(owner_id)s)
  UNION
  SELECT child.id, child.status FROM family CROSS JOIN LATERAL (
    SELECT id, status FROM agent_tasks WHERE parent_id = family.id AND (%(any_owner)s OR owner_id = %(owner_id)s) OFFSET 0
  ) child
)
SELECT id FROM family WHERE status IN ('pending', 'processing') LIMIT %(limit)s;
