-- name: search_boundary
-- Read the id at which a search among all tasks ends its page, so that it reads `window` rows at most.
-- Index: agent_tasks_pkey, or task_owner where an owner is given; read backwards.
SELECT id FROM agent_tasks
WHERE id < %(below)s AND id >= %(lowest)s AND (%(any_owner)s OR owner_id = %(owner_id)s)
ORDER BY id DESC OFFSET %(window)s LIMIT 1;

-- name: search_tasks
-- Read tasks of any owner above the boundary, newest first.
-- Index: agent_tasks_pkey, or task_owner where an owner is given; read backwards.
SELECT
-- include: listed_task
FROM agent_tasks
WHERE id < %(below)s AND id >= %(lowest)s AND id > coalesce(%(boundary)s::uuid, '00000000-0000-0000-0000-000000000000')
  -- include: task_filter
ORDER BY id DESC
LIMIT %(limit)s;

-- name: ended_boundary
-- Read the same boundary in the order in which tasks ended.
-- Index: task_retention, read backwards.
SELECT finished_at, id FROM agent_tasks
WHERE finished_at IS NOT NULL AND finished_at >= coalesce(%(since)s::timestamptz, '-infinity')
  AND (finished_at, id) < (coalesce(%(before)s::timestamptz, 'infinity'), %(before_id)s::uuid)
ORDER BY finished_at DESC, id DESC OFFSET %(window)s LIMIT 1;

-- name: search_ended
-- Read tasks that are over, above the boundary, the last to end first.
-- Index: task_retention, read backwards.
SELECT
-- include: listed_task
FROM agent_tasks
WHERE finished_at IS NOT NULL AND finished_at >= coalesce(%(since)s::timestamptz, '-infinity')
  AND (finished_at, id) < (coalesce(%(before)s::timestamptz, 'infinity'), %(before_id)s::uuid)
  AND (finished_at, id) > (coalesce(%(boundary)s::timestamptz, '-infinity'), coalesce(%(boundary_id)s::uuid, '00000000-0000-0000-0000-000000000000'))
  -- include: task_filter
ORDER BY finished_at DESC, id DESC
LIMIT %(limit)s;

-- name: search_live
-- Read tasks in one of the live states, newest first. The search reads every live task and no other.
-- Index: see live_tasks; agent_tasks_pkey for the page.
WITH found AS MATERIALIZED (
  SELECT id FROM live_tasks
  WHERE state = %(state)s AND id < %(below)s AND id >= %(lowest)s
  -- include: task_filter
)
SELECT
-- include: listed_task
FROM agent_tasks WHERE id IN (SELECT id FROM found ORDER BY id DESC LIMIT %(limit)s) ORDER BY id DESC;
