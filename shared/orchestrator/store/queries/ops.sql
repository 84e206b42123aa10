-- name: live_counts
-- What is not over, by type and state. A parent that waits for its children without a deadline is not counted.
-- Index: task_wake, task_parked, task_dead; only live rows.
SELECT type, state, count(*) AS tasks, extract(epoch FROM task_now() - min(due_at))::float8 AS oldest
FROM (
  SELECT type, due_at, CASE WHEN status = 'processing' THEN 'processing'
                            WHEN due_at > task_now() THEN 'scheduled' ELSE 'due' END AS state
  FROM agent_tasks WHERE wake_at IS NOT NULL AND dead_at IS NULL
  UNION ALL SELECT type, due_at, 'parked' FROM agent_tasks WHERE parked_by IS NOT NULL
  UNION ALL SELECT type, dead_at, 'dead' FROM agent_tasks WHERE dead_at IS NOT NULL
) live
GROUP BY type, state;

-- name: busiest_owner
-- Who has the most that is not over and not parked, and how much.
-- Index: task_wake; only live rows.
SELECT owner_id AS owner, count(*) AS tasks FROM agent_tasks WHERE wake_at IS NOT NULL AND dead_at IS NULL
GROUP BY owner_id ORDER BY tasks DESC, owner_id LIMIT 1;

-- name: finished_counts
-- What ended within the last so many seconds, by type and how.
-- Index: task_retention.
SELECT type, status, count(*) AS tasks FROM agent_tasks
WHERE finished_at > task_now() - make_interval(secs => %(window)s)
GROUP BY type, status;

-- name: paces
-- How long what completed within the last so many seconds had taken since its submit, by type (ms).
-- Index: task_retention.
SELECT type, percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY took) AS p95
FROM (SELECT type, extract(epoch FROM finished_at - created_at)::float8 * 1000 AS took FROM agent_tasks
      WHERE finished_at > task_now() - make_interval(secs => %(window)s) AND status = 'completed'
      ORDER BY finished_at DESC LIMIT 10000) newest
GROUP BY type;

-- name: finished_series
-- What ended, in steps of so many seconds, oldest first; a step without any is missing.
-- Index: task_retention.
SELECT date_bin(make_interval(secs => %(step)s), finished_at, '2000-01-01+00') AS at, count(*) AS tasks,
       count(*) FILTER (WHERE status IN ('failed', 'dead-letter')) AS bad
FROM agent_tasks WHERE finished_at > task_now() - make_interval(secs => %(window)s)
GROUP BY 1 ORDER BY 1;

-- name: search_boundary
-- The id at which a search among everybody's tasks ends its page: it looks at `window` rows at most.
-- Index: agent_tasks_pkey, or task_owner where an owner is given; read backwards.
SELECT id FROM agent_tasks
WHERE id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  AND (%(owner_id)s::text IS NULL OR owner_id = %(owner_id)s)
ORDER BY id DESC OFFSET %(window)s LIMIT 1;

-- name: search_tasks
-- Tasks of any owner above the boundary, newest first.
-- Index: agent_tasks_pkey, or task_owner where an owner is given; read backwards.
SELECT * FROM agent_tasks
WHERE id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  AND id > coalesce(%(boundary)s::uuid, '00000000-0000-0000-0000-000000000000')
  AND (%(owner_id)s::text IS NULL OR owner_id = %(owner_id)s)
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(type)s::text IS NULL OR type = %(type)s)
ORDER BY id DESC
LIMIT %(limit)s;

-- name: load
-- What the database carries: open sockets, everybody's connections, who waits for whose locks and how long (s), and how
-- late (s) the sweeper is with what waits for it.
-- Index: connection_owner, read whole; a socket is a row of it. task_wake for its first row.
SELECT (SELECT count(*) FROM socket_connections) AS sockets,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL) AS connections,
       (SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted) AS lock_waits,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(waitstart)), 0)::float8 FROM pg_locks WHERE NOT granted) AS lock_wait,
       (SELECT greatest(extract(epoch FROM task_now() - min(wake_at)), 0)::float8 FROM agent_tasks WHERE wake_at IS NOT NULL) AS sweep_late;
