-- name: insert_redrive
-- Insert a staged redrive.
INSERT INTO redrives (id, actor, canary, rate, task_ids, fingerprints)
VALUES (%(id)s, %(actor)s, %(canary)s, %(rate)s, %(task_ids)s::uuid[], %(fingerprints)s::text[]);

-- name: running_redrives
-- Index: redrive_running.
SELECT id FROM redrives WHERE state = 'running' ORDER BY created_at;

-- name: show_redrives
-- Read one, or all that run and the newest. `open` released tasks are not over; `waiting_for` is the one that is due longest.
-- Index: redrives_pkey for one; redrive_running; redrive_newest, backwards; agent_tasks_pkey.
WITH shown AS (
  SELECT id FROM redrives WHERE id = %(id)s
  UNION
  SELECT id FROM redrives WHERE %(id)s::uuid IS NULL AND state = 'running'
  UNION
  (SELECT id FROM redrives WHERE %(id)s::uuid IS NULL ORDER BY created_at DESC LIMIT %(limit)s)
)
SELECT r.id, r.created_at, r.updated_at, r.actor, r.canary, r.rate, r.state, r.reason, r.failed_task, r.fingerprints, r.released,
       cardinality(r.task_ids) AS total, live.open, live.waiting_for
FROM shown JOIN redrives r USING (id), LATERAL (
  SELECT count(*) AS open, (array_agg(t.id ORDER BY t.due_at NULLS FIRST))[1] AS waiting_for FROM agent_tasks t
  WHERE r.state <> 'done' AND t.id = ANY(r.task_ids[:r.released]) AND t.status IN ('pending', 'processing')
) live
ORDER BY r.created_at DESC;

-- name: lock_redrive
-- Lock a running redrive, so that one function at a time advances it.
-- Index: redrives_pkey.
SELECT id, actor, canary, rate, fingerprints, released, cardinality(task_ids) AS total,
       greatest(0, extract(epoch FROM paced_until - task_now()))::float8 AS paced_for
FROM redrives WHERE id = %(id)s AND state = 'running' FOR UPDATE SKIP LOCKED;

-- name: outcome_so_far
-- Read how many released tasks are not over, how many were refused, and a failure that came back.
-- Index: redrives_pkey, agent_tasks_pkey, agent_task_events_pkey.
WITH gone AS MATERIALIZED (
  SELECT t.id, t.status, r.fingerprints FROM redrives r JOIN agent_tasks t ON t.id = ANY(r.task_ids[:r.released]) WHERE r.id = %(id)s
), failure AS MATERIALIZED (
  SELECT e.task_id, coalesce(e.data -> 'error' ->> 'fingerprint', 'unknown') AS fingerprint
  FROM gone JOIN agent_task_events e ON e.task_id = gone.id
  WHERE e.kind IN ('retrying', 'dead-letter', 'lease-lost')
    AND (e.data -> 'error' ->> 'fingerprint' = ANY(gone.fingerprints) OR e.status = 'dead-letter')
    AND e.seq > (SELECT max(r.seq) FROM agent_task_events r WHERE r.task_id = e.task_id AND r.kind = 'redriven')
  LIMIT 1
)
SELECT count(*) FILTER (WHERE status IN ('pending', 'processing')) AS open,
       (SELECT fingerprint FROM failure) AS failed_as, (SELECT task_id FROM failure) AS failed_task,
       count(*) FILTER (WHERE status = 'failed') AS refused, (array_agg(id) FILTER (WHERE status = 'failed'))[1] AS refused_task
FROM gone;

-- name: release
-- Release the tasks from `after` up to `released`. With a rate, they are due within `paced_for` seconds.
-- Index: redrives_pkey.
UPDATE redrives SET released = %(released)s, paced_until = task_now() + make_interval(secs => %(paced_for)s), updated_at = task_now()
WHERE id = %(id)s
RETURNING task_ids[%(after)s::int + 1:%(released)s::int] AS ids;

-- name: end_redrive
-- Index: redrives_pkey.
UPDATE redrives SET state = %(state)s, reason = %(reason)s, failed_task = %(failed_task)s, updated_at = task_now()
WHERE id = %(id)s AND state = 'running';
