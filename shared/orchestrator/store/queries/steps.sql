-- name: recorded_steps
-- Read the steps that a task's attempts have recorded.
-- Index: agent_task_steps_pkey.
SELECT name, result, fault FROM agent_task_steps WHERE task_id = %(task_id)s;

-- name: record_step
-- Record a step's result once, fenced by the attempt's token, with its event. No row: the lease is lost or it is recorded already.
-- Index: agent_tasks_pkey, agent_task_steps_pkey.
WITH task AS (
  UPDATE agent_tasks t SET seq = seq + 1, updated_at = task_now()
  WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
    AND NOT EXISTS (SELECT FROM agent_task_steps s WHERE s.task_id = t.id AND s.name = %(name)s)
  RETURNING *
), step AS (
  INSERT INTO agent_task_steps (task_id, name, token, result, fault)
  SELECT id, %(name)s, token, %(result)s::jsonb, %(fault)s FROM task
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'step', status, owner_id, %(event)s::jsonb FROM task
)
SELECT EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = task.owner_id AND s.subscribed) AS watched FROM task;

-- name: begin_step
-- Count how often a step was begun, fenced by the attempt's token. No row: the lease is lost.
-- Index: agent_tasks_pkey, agent_task_steps_pkey.
INSERT INTO agent_task_steps AS s (task_id, name, token, result)
SELECT id, %(name)s, token, '1'::jsonb FROM agent_tasks WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
ON CONFLICT (task_id, name) DO UPDATE SET result = to_jsonb((s.result #>> '{}')::int + 1), token = EXCLUDED.token
RETURNING (result #>> '{}')::int AS tries;

-- name: save_checkpoint
-- Store the newest state of a loop, fenced by the attempt's token. No row: the lease is lost.
-- Index: agent_tasks_pkey, agent_task_steps_pkey.
INSERT INTO agent_task_steps AS s (task_id, name, token, result)
SELECT id, %(name)s, token, %(state)s::jsonb FROM agent_tasks WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
ON CONFLICT (task_id, name) DO UPDATE SET result = EXCLUDED.result, token = EXCLUDED.token
RETURNING true AS saved;

-- name: note_progress
-- Store the progress of a running attempt, fenced by its token.
-- Index: agent_tasks_pkey.
WITH task AS (
  UPDATE agent_tasks SET progress = %(progress)s::jsonb, seq = seq + 1, updated_at = task_now()
  WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
  RETURNING *
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'progress', status, owner_id, jsonb_build_object('progress', progress) FROM task
)
SELECT EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = task.owner_id AND s.subscribed) AS watched FROM task;

-- name: attempt_state
-- Read whether an attempt still owns its task.
-- Index: agent_tasks_pkey.
SELECT status, token = %(token)s AS owned FROM agent_tasks WHERE id = %(task_id)s;

-- name: begin_wait
-- Stores the deadline of a join and the digests of its calls, from its first time on.
-- Index: agent_task_steps_pkey.
INSERT INTO agent_task_steps (task_id, name, token, result)
VALUES (%(task_id)s, %(name)s, %(token)s,
        jsonb_build_object('until', task_now() + make_interval(secs => %(deadline)s::float8), 'calls', %(calls)s::jsonb))
ON CONFLICT DO NOTHING;

-- name: waited
-- The calls of a join that has begun, whether its deadline has passed, and the seconds left.
-- Index: agent_task_steps_pkey.
SELECT result -> 'calls' AS calls, coalesce((result ->> 'until')::timestamptz <= task_now(), false) AS over,
       extract(epoch FROM (result ->> 'until')::timestamptz - task_now())::float8 AS seconds_left
FROM agent_task_steps WHERE task_id = %(task_id)s AND name = %(name)s;
