-- name: set_clock
-- Stop the database's clock of this session. Only tests do this.
-- Index: none; no table is read.
SELECT set_config('orchestrator.now', %(now)s, false);

-- name: next_moment
-- The next time at which the sweeper has something to do.
-- Index: task_wake; schedule_next.
SELECT least((SELECT min(wake_at) FROM agent_tasks WHERE wake_at IS NOT NULL AND finished_at IS NULL),
             (SELECT min(next_at) FROM agent_schedules WHERE NOT paused));

-- name: retry_moment
-- The next time at which a failed attempt is tried again, or the lease of a killed worker ends.
-- Index: task_wake.
SELECT min(CASE WHEN status = 'processing' THEN leased_until ELSE due_at END) FROM agent_tasks
WHERE wake_at IS NOT NULL AND (status = 'processing' OR (status = 'pending' AND attempts > 0 AND error IS NOT NULL AND waiting_for IS NULL));

-- name: create_database
-- Create an empty database on the server.
-- Index: none; no table is read.
CREATE DATABASE {};

-- name: drop_database
-- Drop a database and end its sessions.
-- Index: none; no table is read.
DROP DATABASE {} WITH (FORCE);
