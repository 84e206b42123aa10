-- name: run_tasks
-- Read the run that a task belongs to, from its root, level by level: at most `limit` tasks. The search for an owner stops at a
-- task of another owner. The lateral joins keep to the index, however many tasks the planner expects.
-- Index: agent_tasks_pkey upwards, task_spawn downwards.
WITH RECURSIVE above AS (
  SELECT id, parent_id, 0 AS height FROM agent_tasks WHERE id = %(id)s AND (%(any_owner)s OR owner_id = %(owner_id)s)
  UNION ALL
  SELECT parent.id, parent.parent_id, above.height + 1 FROM above CROSS JOIN LATERAL (
    SELECT id, parent_id FROM agent_tasks WHERE id = above.parent_id AND (%(any_owner)s OR owner_id = %(owner_id)s) OFFSET 0
  ) parent WHERE above.height < %(highest)s
), run AS (
  (SELECT id, NULL::uuid AS parent_id FROM above ORDER BY height DESC LIMIT 1)
  UNION ALL
  SELECT child.id, run.id FROM run CROSS JOIN LATERAL (
    SELECT id FROM agent_tasks WHERE parent_id = run.id AND (%(any_owner)s OR owner_id = %(owner_id)s) ORDER BY spawn_key OFFSET 0
  ) child
)
SELECT task.id, shown.parent_id, task.owner_id, task.type, task.status, task.attempts, task.max_attempts, task.created_at,
       coalesce(task.ready_at, task.created_at) AS ready_at, task.finished_at
FROM (SELECT * FROM run LIMIT %(limit)s) shown CROSS JOIN LATERAL (SELECT * FROM agent_tasks WHERE id = shown.id OFFSET 0) task;

-- name: run_events
-- Read the first events of each task, in order, without progress and the parts of streams: at most `each` of a task, `limit` of all.
-- Index: agent_task_events_pkey.
SELECT event.task_id, event.seq, event.kind, event.attempts, event.created_at, event.data
FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent CROSS JOIN LATERAL (
  SELECT task_id, seq, kind, attempts, created_at, jsonb_strip_nulls(jsonb_build_object(
    'step', data -> 'step', 'tookMs', data -> 'tookMs', 'wait', data -> 'wait', 'for', data -> 'for', 'flag', data -> 'flag', 'worker', data -> 'worker')) AS data
  FROM agent_task_events WHERE task_id = sent.id AND kind NOT IN ('progress', 'stream') AND (%(any_owner)s OR owner_id = %(owner_id)s)
  ORDER BY seq LIMIT %(each)s
) event LIMIT %(limit)s;

-- name: read_clock
-- Read the time of the database.
-- Index: none; no table is read.
SELECT task_now() AS now;
