-- name: due_for_sweep
-- Return tasks that were not acted on in time and mark them, so that another sweeper skips them. Each resend doubles the wait for
-- the next (2 to 64 minutes).
-- A range with an end that Postgres cannot read counts as few rows, so the index serves it with any statistics.
-- Index: task_wake, agent_tasks_pkey.
WITH late AS (
  SELECT id FROM agent_tasks WHERE wake_at > '-infinity' AND wake_at <= (SELECT task_now())
  ORDER BY wake_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE agent_tasks t
SET wake_at = CASE WHEN status = 'processing' AND leased_until > task_now() THEN leased_until
                   ELSE least(task_now() + {message_lost_after} * 2 ^ least(resends, 5), CASE WHEN deadline_at > task_now() THEN deadline_at END) END,
    resends = CASE WHEN status = 'processing' AND leased_until > task_now() THEN resends ELSE least(resends + 1, 1000) END
FROM (SELECT unnest(ARRAY(SELECT id FROM late)) AS id LIMIT (SELECT NULL::bigint)) one WHERE t.id = one.id
RETURNING t.id, t.owner_id, t.type, t.status, t.seq, t.traceparent, t.resends,
          coalesce(t.leased_until <= task_now(), false) AS lease_ended, coalesce(t.due_at <= task_now(), false) AS due,
          t.waiting_for IS NOT NULL AS waits;

-- name: silent_attempts
-- Read running tasks whose lease was not renewed in time, and the seconds until it ends: their worker may be dead. A task is due to
-- be checked within two minutes from its claim, or when its lease ends.
-- Index: task_wake.
SELECT id, owner_id, type, traceparent, greatest(extract(epoch FROM leased_until - task_now())::float8, 0) AS lease_left
FROM agent_tasks
WHERE wake_at > (SELECT task_now()) AND wake_at <= (SELECT task_now() + {message_lost_after})
  AND status = 'processing' AND leased_until < task_now() + make_interval(secs => %(silent)s)
LIMIT %(limit)s;

-- name: parked_flags
-- Read the flags that park tasks.
-- Index: task_parked, once per flag.
WITH RECURSIVE flag AS (
  (SELECT parked_by FROM agent_tasks WHERE parked_by IS NOT NULL ORDER BY parked_by LIMIT 1)
  UNION ALL
  SELECT (SELECT parked_by FROM agent_tasks WHERE parked_by > flag.parked_by ORDER BY parked_by LIMIT 1) FROM flag WHERE parked_by IS NOT NULL
)
SELECT parked_by FROM flag WHERE parked_by IS NOT NULL;

-- name: parked_tasks
-- Read a page of the tasks that a flag parks, oldest first.
-- Index: task_parked.
SELECT id, owner_id, type FROM agent_tasks WHERE parked_by = %(flag)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: unpark
-- Make parked tasks due.
-- Index: agent_tasks_pkey.
WITH freed AS (
  UPDATE agent_tasks task SET parked_by = NULL, due_at = task_now(), ready_at = task_now(), wake_at = task_now() + {message_lost_after}, seq = seq + 1, updated_at = task_now()
  FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent
  WHERE task.id = sent.id AND parked_by IS NOT NULL
  RETURNING task.id, seq, attempts, status, owner_id, type, traceparent
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)
  SELECT id, seq, attempts, 'unparked', status, owner_id FROM freed
)
SELECT id, owner_id, type, traceparent FROM freed;

-- name: prune_tasks
-- Delete a page of old finished tasks with their events and steps, but no dead letters. A task whose parent or child is
-- unfinished stays: a join may still count it.
-- Index: task_retention, agent_tasks_pkey, task_spawn.
WITH old AS (
  SELECT id FROM agent_tasks
  WHERE finished_at > '-infinity' AND finished_at < (SELECT task_now() - make_interval(days => %(days)s)) AND status <> 'dead-letter'
    AND NOT EXISTS (SELECT FROM agent_tasks child WHERE child.parent_id = agent_tasks.id AND child.finished_at IS NULL OFFSET 0)
    AND NOT EXISTS (SELECT FROM agent_tasks parent WHERE parent.id = agent_tasks.parent_id AND parent.finished_at IS NULL OFFSET 0)
  ORDER BY finished_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM agent_tasks t
USING (SELECT unnest(ARRAY(SELECT id FROM old)) AS id LIMIT (SELECT NULL::bigint)) one WHERE t.id = one.id;

-- name: prune_tickets
-- Index: ticket_expiry.
DELETE FROM socket_tickets WHERE expires_at < task_now();
