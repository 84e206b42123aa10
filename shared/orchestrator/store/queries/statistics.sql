-- name: load
-- Read the clock, open WebSocket connections, database connections, sessions that wait for locks and their longest wait (s).
-- `sweep_late`: seconds that the oldest task has waited for the sweeper. `leases_lost`: leases that ended within an hour.
-- Index: connection_owner, read whole; a socket is a row of it. task_wake for its first row. occurrence_time.
SELECT task_now() AS at,
       (SELECT count(*) FROM socket_connections) AS sockets,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL) AS connections,
       waits.sessions AS lock_waits, waits.longest AS lock_wait,
       (SELECT greatest(extract(epoch FROM task_now() - min(wake_at)), 0)::float8 FROM agent_tasks WHERE wake_at IS NOT NULL) AS sweep_late,
       (SELECT coalesce(sum(tasks), 0)::int FROM occurrences
        WHERE kind = 'lease-lost' AND at > task_now() - interval '1 hour') AS leases_lost
FROM (SELECT count(DISTINCT pid) AS sessions, coalesce(extract(epoch FROM clock_timestamp() - min(waitstart)), 0)::float8 AS longest
      FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()) waits;

-- name: blockers
-- Read the sessions that others wait for: their login, the number of waiting sessions and the longest wait (s). Run it only when
-- sessions wait: Postgres stops all locking for a moment.
SELECT blocker.pid, blocker.usename AS login, count(*) AS waiting,
       coalesce(extract(epoch FROM clock_timestamp() - min(waitstart)), 0)::float8 AS longest
FROM (SELECT pid, min(waitstart) AS waitstart FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE NOT granted AND datname = current_database() GROUP BY pid) waiter
CROSS JOIN LATERAL unnest(pg_blocking_pids(waiter.pid)) AS one (pid)
JOIN pg_stat_activity blocker ON blocker.pid = one.pid
GROUP BY 1, 2 ORDER BY waiting DESC, 1 LIMIT 5;

-- name: read_one
-- Read as little as possible: the time it takes is the database's own.
-- Index: agent_tasks_pkey.
SELECT FROM agent_tasks WHERE id = '00000000-0000-0000-0000-000000000000';

-- name: live_counts
-- Count unfinished tasks and dead letters by type and state.
-- Index: see live_tasks.
SELECT type, state, count(*) AS tasks, extract(epoch FROM task_now() - min(due_at))::float8 AS oldest FROM live_tasks GROUP BY type, state;

-- name: busiest_owner
-- Read the owner with the most unfinished tasks that are not parked.
-- Index: see live_tasks.
SELECT owner_id AS owner, count(*) AS tasks FROM live_tasks WHERE state NOT IN ('dead', 'parked')
GROUP BY owner_id ORDER BY tasks DESC, owner_id LIMIT 1;

-- name: workers
-- Count the running tasks of each worker, with the seconds since the oldest began; the oldest first.
-- Index: see live_tasks.
SELECT leased_by AS worker, count(*) AS tasks, extract(epoch FROM task_now() - min(coalesce(started_at, updated_at)))::float8 AS oldest
FROM live_tasks WHERE state = 'processing'
GROUP BY leased_by ORDER BY oldest DESC LIMIT %(limit)s;

-- name: failing
-- Group the newest tasks that failed and will be retried, the largest group first.
-- Index: see live_tasks; agent_task_events_pkey for the version of the last attempt.
SELECT fingerprint, type, version, count(*) AS tasks, count(DISTINCT owner_id) AS owners, min(failed_at) AS first_seen,
       max(failed_at) AS last_seen, (array_agg(id ORDER BY failed_at DESC))[1] AS example_id,
       (array_agg(owner_id ORDER BY failed_at DESC))[1] AS example_owner, (array_agg(error ORDER BY failed_at DESC))[1] AS example_error
FROM (
  SELECT id, owner_id, type, updated_at AS failed_at,
-- include: bounded_error
         AS error, coalesce(error ->> 'fingerprint', '') AS fingerprint,
         coalesce((SELECT e.data ->> 'version' FROM agent_task_events e
                   WHERE e.task_id = live_tasks.id AND e.kind = 'started' ORDER BY e.seq DESC LIMIT 1), '') AS version
  FROM live_tasks WHERE state = 'retrying' ORDER BY updated_at DESC LIMIT %(window)s
) newest
GROUP BY fingerprint, type, version
ORDER BY tasks DESC, last_seen DESC LIMIT %(limit)s;

-- name: submitted
-- Count the tasks that were submitted between two times; an id begins with its time.
-- Index: agent_tasks_pkey alone.
SELECT count(*) AS tasks FROM agent_tasks WHERE id >= %(first)s AND id < %(end)s;

-- name: finished_counts
-- Count the tasks that ended between two times, by type and status; `lately`: of these, after a third time. Dead letters count
-- although they were redriven.
-- Index: task_retention, occurrence_time.
SELECT type, status, sum(tasks)::int AS tasks, sum(lately)::int AS lately, max(newest) AS newest FROM (
  SELECT type, status, count(*) AS tasks, count(*) FILTER (WHERE finished_at >= %(lately)s) AS lately, max(finished_at) AS newest
  FROM agent_tasks WHERE finished_at >= %(since)s AND finished_at < %(until)s GROUP BY type, status
  UNION ALL
  SELECT type, 'dead-letter', sum(tasks), coalesce(sum(tasks) FILTER (WHERE at >= %(lately)s), 0), max(at)
  FROM occurrences WHERE kind = 'death' AND at >= %(since)s AND at < %(until)s GROUP BY type
) ended
GROUP BY type, status;

-- name: finished_series
-- Count the tasks that ended since a time, in steps of so many seconds, oldest first; a step without any is missing. Dead letters
-- as above.
-- Index: task_retention, occurrence_time.
SELECT date_bin(make_interval(secs => %(step)s), at, '2000-01-01+00') AS at, sum(tasks)::int AS tasks,
       coalesce(sum(tasks) FILTER (WHERE status = 'dead-letter'), 0)::int AS bad,
       coalesce(sum(tasks) FILTER (WHERE status = 'failed'), 0)::int AS refused,
       coalesce(sum(tasks) FILTER (WHERE status = 'cancelled'), 0)::int AS cancelled
FROM (
  SELECT finished_at AS at, status, 1 AS tasks FROM agent_tasks WHERE finished_at >= %(since)s
  UNION ALL
  SELECT at, 'dead-letter', tasks FROM occurrences WHERE kind = 'death' AND at >= %(since)s
) ended
GROUP BY 1 ORDER BY 1;

-- name: paces
-- Read percentiles (ms) of tasks that completed between two times, by type and of all (type null): from when a task could first
-- run to its end, and from due to claimed in its last attempt.
-- Index: task_retention.
SELECT type, percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY took) AS p95,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY took) AS p99, percentile_cont(0.95) WITHIN GROUP (ORDER BY waited) AS wait_p95
FROM (SELECT type, extract(epoch FROM finished_at - coalesce(ready_at, created_at))::float8 * 1000 AS took,
             extract(epoch FROM started_at - due_at)::float8 * 1000 AS waited
      FROM agent_tasks WHERE finished_at >= %(since)s AND finished_at < %(until)s AND status = 'completed'
      ORDER BY finished_at DESC LIMIT 10000) newest
GROUP BY GROUPING SETS ((type), ());

-- name: leases_lost
-- Count the leases that ended without an outcome between two times.
-- Index: occurrence_time.
SELECT coalesce(sum(tasks), 0)::int AS tasks FROM occurrences WHERE kind = 'lease-lost' AND at >= %(since)s AND at < %(until)s;

-- name: keep_minute
-- Store the statistics of a minute, once.
-- Index: figure_minutes_pkey.
INSERT INTO figure_minutes SELECT * FROM jsonb_populate_record(NULL::figure_minutes, %(minute)s::jsonb) ON CONFLICT (at) DO NOTHING;

-- name: minutes
-- Read the statistics since a time, in steps of so many seconds: the maximum of states, the sum of events. A step of which
-- no minute was kept is missing, as is the one the moment falls into.
-- Index: figure_minutes_pkey.
SELECT date_bin(make_interval(secs => %(step)s), at, '2000-01-01+00') AS at, count(*) AS minutes,
       max(due) AS due, max(scheduled) AS scheduled, max(retrying) AS retrying, max(waiting) AS waiting, max(processing) AS processing,
       max(parked) AS parked, max(dead) AS dead, max(sockets) AS sockets, max(connections) AS connections, max(oldest) AS oldest,
       sum(submitted)::int AS submitted, sum(completed)::int AS completed, sum(refused)::int AS refused, sum(died)::int AS died,
       sum(cancelled)::int AS cancelled, sum(leases_lost)::int AS leases_lost,
       max(p50) AS p50, max(p95) AS p95, max(p99) AS p99, max(wait_p95) AS wait_p95
FROM figure_minutes
WHERE at >= date_bin(make_interval(secs => %(step)s), %(since)s, '2000-01-01+00') + make_interval(secs => %(step)s)
GROUP BY 1 ORDER BY 1;

-- name: minutes_of_type
-- Read the same of one type, as far as it is stored by type.
-- Index: figure_minutes_pkey.
SELECT date_bin(make_interval(secs => %(step)s), at, '2000-01-01+00') AS at, count(*) AS minutes,
       coalesce(max(due), 0) AS due, coalesce(max(scheduled), 0) AS scheduled, coalesce(max(retrying), 0) AS retrying,
       coalesce(max(waiting), 0) AS waiting, coalesce(max(processing), 0) AS processing, coalesce(max(parked), 0) AS parked,
       coalesce(max(dead), 0) AS dead, coalesce(sum(completed), 0)::int AS completed, coalesce(sum(refused), 0)::int AS refused,
       coalesce(sum(died), 0)::int AS died, coalesce(sum(cancelled), 0)::int AS cancelled,
       max(p50) AS p50, max(p95) AS p95, max(p99) AS p99, max(wait_p95) AS wait_p95
FROM (SELECT at, one.* FROM figure_minutes
      CROSS JOIN LATERAL jsonb_to_record(coalesce(by_type -> %(type)s::text, '{}')) AS one
        (due int, scheduled int, retrying int, waiting int, processing int, parked int, dead int, completed int, refused int, died int,
         cancelled int, p50 real, p95 real, p99 real, wait_p95 real)
      WHERE at >= date_bin(make_interval(secs => %(step)s), %(since)s, '2000-01-01+00') + make_interval(secs => %(step)s)) minutes
GROUP BY 1 ORDER BY 1;

-- name: prune_minutes
-- Index: figure_minutes_pkey.
DELETE FROM figure_minutes WHERE at < task_now() - make_interval(days => %(days)s);

-- name: prune_occurrences
-- Index: occurrence_time.
DELETE FROM occurrences WHERE at < task_now() - interval '2 hours';
