-- name: matching
-- Read unfinished tasks that match an operator's filter, oldest first.
-- Index: see live_tasks.
SELECT id FROM live_tasks
WHERE dead_at IS NULL AND id < %(below)s AND id >= %(lowest)s
  AND (%(state)s::text IS NULL OR state = %(state)s)
  -- include: task_filter
ORDER BY id LIMIT %(limit)s;

-- name: lock_unfinished
-- Lock these until the transaction ends; skip those that are over or locked by others.
-- NO KEY UPDATE passes the lock of a running handler, as a single cancel does.
-- Index: agent_tasks_pkey.
SELECT id FROM agent_tasks WHERE id = ANY(%(ids)s) AND status IN ('pending', 'processing')
ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED;

-- name: still_matching
-- Read which of these match the filter now that they are locked: they may have changed before.
-- Index: agent_tasks_pkey.
SELECT id FROM live_tasks
WHERE id = ANY(%(ids)s) AND dead_at IS NULL AND id < %(below)s AND id >= %(lowest)s
  AND (%(state)s::text IS NULL OR state = %(state)s)
  -- include: task_filter
ORDER BY id;

-- name: would_end
-- Count the tasks that a cancel would end with their descendants: by type and status, and in the row without them all of them.
-- The example is the newest. The lateral join keeps to the index, however many tasks the planner expects.
-- Index: see live_tasks; task_spawn for the descendants; agent_tasks_pkey for the moments.
WITH RECURSIVE family AS (
  SELECT id, owner_id, type, status, false AS descends FROM live_tasks
  WHERE dead_at IS NULL AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s)) AND id < %(below)s AND id >= %(lowest)s
    AND (%(state)s::text IS NULL OR state = %(state)s)
    -- include: task_filter
  UNION
  SELECT child.*, true FROM family CROSS JOIN LATERAL (
    SELECT id, owner_id, type, status FROM agent_tasks WHERE parent_id = family.id OFFSET 0
  ) child
), one AS (
  SELECT id, owner_id, type, status, bool_and(descends) AS descends FROM family
  WHERE status IN ('pending', 'processing') GROUP BY id, owner_id, type, status
), counted AS (
  SELECT type, status, count(*) AS tasks, count(*) FILTER (WHERE descends) AS descendants, count(DISTINCT owner_id) AS owners,
         (array_agg(id ORDER BY id))[1] AS oldest, (array_agg(id ORDER BY id DESC))[1] AS newest
  FROM one GROUP BY GROUPING SETS ((type, status), ())
)
SELECT counted.type, counted.status, counted.tasks, counted.descendants, counted.owners, oldest.created_at AS oldest, newest.created_at AS newest,
       newest.id AS example_id, newest.owner_id AS example_owner, newest.type AS example_type, newest.status AS example_status
FROM counted LEFT JOIN agent_tasks oldest ON oldest.id = counted.oldest LEFT JOIN agent_tasks newest ON newest.id = counted.newest
ORDER BY counted.tasks DESC, counted.type, counted.status;
