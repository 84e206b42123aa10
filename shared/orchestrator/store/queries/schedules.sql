-- name: insert_schedule
-- Nothing when the owner has as many as one may have.
-- Index: schedule_owner for the count.
INSERT INTO agent_schedules (id, owner_id, type, payload, payload_version, max_attempts, limited, deadline, cron, every, time_zone, overlap, paused,
                             next_at)
SELECT %(id)s, %(owner_id)s, %(type)s, %(payload)s::jsonb, %(payload_version)s, %(max_attempts)s, %(limited)s, %(deadline)s, %(cron)s, %(every)s,
       %(time_zone)s, %(overlap)s, %(paused)s, %(next_at)s
WHERE (SELECT count(*) FROM agent_schedules WHERE owner_id = %(owner_id)s) < %(most)s
RETURNING
-- include: schedule_columns
;

-- name: list_schedules
-- An owner's schedules, oldest first.
-- Index: schedule_owner.
SELECT
-- include: schedule_columns
FROM agent_schedules WHERE owner_id = %(owner_id)s ORDER BY id;

-- name: list_all_schedules
-- A page of the schedules of all owners, or of one, newest first.
-- Index: agent_schedules_pkey, read backwards; schedule_owner for one owner.
SELECT
-- include: schedule_columns
FROM agent_schedules
WHERE id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  AND (%(any_owner)s OR owner_id = %(owner_id)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: explain_schedule
-- One schedule with all that can keep it from running.
-- Index: agent_schedules_pkey; agent_tasks_pkey for its last task.
SELECT
-- include: schedule_columns
, extract(epoch FROM next_at - task_now())::float8 AS due_in,
  EXISTS (SELECT FROM agent_tasks t WHERE t.id = last_task_id AND t.finished_at IS NULL) AS unfinished
FROM agent_schedules WHERE id = %(id)s;

-- name: pause_schedule
-- Pause or resume a schedule; a resumed one runs next at `next_at`.
-- Index: agent_schedules_pkey.
UPDATE agent_schedules SET paused = %(paused)s, next_at = coalesce(%(next_at)s, next_at), updated_at = task_now()
WHERE id = %(id)s
RETURNING
-- include: schedule_columns
;

-- name: declare_schedule
-- Insert the schedule that an agent declares, or change it; an operator's pause stays. The next run stays while the rhythm does.
-- Index: schedule_name.
INSERT INTO agent_schedules AS s (id, owner_id, name, type, payload, payload_version, max_attempts, limited, deadline, cron, every, time_zone,
                                  overlap, paused, next_at)
SELECT %(id)s, %(owner_id)s, %(type)s, %(type)s, %(payload)s::jsonb, %(payload_version)s, %(max_attempts)s, %(limited)s, %(deadline)s, %(cron)s,
       %(every)s, %(time_zone)s, %(overlap)s, false, %(next_at)s
ON CONFLICT (name) WHERE name IS NOT NULL DO UPDATE
SET payload = excluded.payload, payload_version = excluded.payload_version, max_attempts = excluded.max_attempts, limited = excluded.limited,
    deadline = excluded.deadline, cron = excluded.cron, every = excluded.every, time_zone = excluded.time_zone, overlap = excluded.overlap,
    next_at = CASE WHEN (s.cron, s.every, s.time_zone) IS DISTINCT FROM (excluded.cron, excluded.every, excluded.time_zone)
                   THEN excluded.next_at ELSE s.next_at END,
    updated_at = task_now();

-- name: remove_undeclared
-- Delete the schedules of agents that declare none any more.
-- Index: schedule_name.
DELETE FROM agent_schedules WHERE name IS NOT NULL AND name <> ALL(%(names)s);

-- name: lock_schedule
-- One schedule of an owner, until the transaction ends.
-- Index: agent_schedules_pkey.
SELECT
-- include: schedule_columns
FROM agent_schedules WHERE id = %(id)s AND (%(any_owner)s OR owner_id = %(owner_id)s) FOR NO KEY UPDATE;

-- name: update_schedule
-- Index: agent_schedules_pkey.
UPDATE agent_schedules
SET payload = %(payload)s::jsonb, payload_version = %(payload_version)s, max_attempts = %(max_attempts)s, limited = %(limited)s, deadline = %(deadline)s,
    cron = %(cron)s, every = %(every)s, time_zone = %(time_zone)s, overlap = %(overlap)s, paused = %(paused)s, next_at = %(next_at)s,
    updated_at = task_now()
WHERE id = %(id)s AND owner_id = %(owner_id)s
RETURNING
-- include: schedule_columns
;

-- name: delete_schedule
-- Index: agent_schedules_pkey.
DELETE FROM agent_schedules WHERE id = %(id)s AND (%(any_owner)s OR owner_id = %(owner_id)s);

-- name: lock_due_schedules
-- Schedules whose next run is due, or for overlapping runs due within the time that a queue message can wait.
-- The last run counts as unfinished until its task is over.
-- Index: schedule_next; agent_tasks_pkey.
SELECT s.id, s.owner_id, s.type, s.payload::text AS payload, s.payload_version, s.max_attempts, s.limited, s.deadline, s.cron, s.every, s.time_zone,
       s.overlap, s.next_at, task_now() AS now,
       EXISTS (SELECT FROM agent_tasks t WHERE t.id = s.last_task_id AND t.finished_at IS NULL) AS unfinished
FROM agent_schedules s
WHERE NOT s.paused AND s.next_at <= task_now() + make_interval(secs => %(ahead)s)
  AND (s.overlap = 'allow' OR s.next_at <= task_now())
ORDER BY s.next_at LIMIT %(limit)s FOR NO KEY UPDATE OF s SKIP LOCKED;

-- name: insert_scheduled_task
-- The task of one run; nothing when it is there already.
-- Index: task_idempotency.
WITH task AS (
  INSERT INTO agent_tasks (id, owner_id, type, payload, payload_version, max_attempts, limited, due_at, wake_at, ready_at, idempotency_key,
                           deadline_at)
  SELECT %(id)s, %(owner_id)s, %(type)s, %(payload)s::jsonb, %(payload_version)s, %(max_attempts)s, %(limited)s, due.at,
         due.at + {message_lost_after}, due.at, %(idempotency_key)s,
         due.at + make_interval(secs => %(deadline)s)
  FROM (SELECT greatest(%(run_at)s::timestamptz, task_now()) AS at) due
  ON CONFLICT DO NOTHING
  RETURNING id, seq, attempts, status, owner_id, due_at
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'submitted', status, owner_id, jsonb_build_object('schedule', %(schedule_id)s::text) FROM task
)
SELECT id, extract(epoch FROM due_at - task_now())::float8 AS due_in FROM task;

-- name: move_schedule
-- Index: agent_schedules_pkey.
UPDATE agent_schedules SET next_at = %(next_at)s, last_task_id = coalesce(%(last_task_id)s, last_task_id) WHERE id = %(id)s;

-- name: database_time
-- Index: none; no table is read.
SELECT task_now() AS now;
