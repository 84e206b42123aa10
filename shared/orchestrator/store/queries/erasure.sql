-- name: lock_owner
-- Wait for the owner's running requests; later ones find the account closed.
-- Index: none; no table is read.
SELECT pg_advisory_xact_lock(owner_lock(%(owner_id)s));

-- name: close_owner
-- Index: closed_owners_pkey.
INSERT INTO closed_owners (owner_id) VALUES (%(owner_id)s) ON CONFLICT DO NOTHING;

-- name: erase_owner
-- Delete all tasks of an owner, with their events and steps, except the task that runs the erasure.
-- Index: task_owner.
DELETE FROM agent_tasks WHERE owner_id = %(owner_id)s AND id <> %(keep)s;

-- name: erase_keys
-- Empty the remaining task.
-- Index: agent_tasks_pkey.
UPDATE agent_tasks SET payload = '{}', idempotency_key = NULL, request_hash = NULL, unique_key = NULL WHERE id = %(keep)s;

-- name: erase_tickets
-- Index: none; tickets live a minute.
DELETE FROM socket_tickets WHERE owner_id = %(owner_id)s;

-- name: erase_connections
-- Index: connection_owner.
DELETE FROM socket_connections WHERE owner_id = %(owner_id)s;

-- name: erase_schedules
-- Index: schedule_owner.
DELETE FROM agent_schedules WHERE owner_id = %(owner_id)s;

-- name: erase_spending
-- Delete an owner's budgets and sums of costs. The calls are deleted with their tasks.
-- Index: agent_budgets_pkey, agent_spending_pkey.
WITH budget AS (DELETE FROM agent_budgets WHERE scope = 'owner' AND subject = %(owner_id)s)
DELETE FROM agent_spending WHERE scope = 'owner' AND subject = %(owner_id)s;

-- name: erase_joined_keys
-- Index: agent_task_keys_pkey.
DELETE FROM agent_task_keys WHERE owner_id = %(owner_id)s;

-- name: erase_answers
-- Remove an owner from the waits of other owners' tasks, and the answers from those that are over; a running task needs its answer.
-- Index: wait_asked, wait_answered_by; agent_tasks_pkey.
UPDATE agent_waits w
SET asked = array_remove(asked, %(owner_id)s), answered_by = nullif(answered_by, %(owner_id)s),
    value = CASE WHEN answered_by = %(owner_id)s AND EXISTS (SELECT FROM agent_tasks t WHERE t.id = w.task_id AND t.finished_at IS NOT NULL)
                 THEN 'null'::jsonb ELSE value END
WHERE asked @> ARRAY[%(owner_id)s] OR answered_by = %(owner_id)s;

-- name: erase_sessions
-- Index: ended_sessions_pkey, session_generations_pkey.
WITH generation AS (DELETE FROM session_generations WHERE owner_id = %(owner_id)s)
DELETE FROM ended_sessions WHERE owner_id = %(owner_id)s;

-- name: erase_tasks
-- Delete tasks of other owners that mention an erased owner.
-- Index: agent_tasks_pkey.
DELETE FROM agent_tasks WHERE id = ANY(%(ids)s);

-- name: redact_results
-- Remove one field from the results of other owners' tasks, and the data of their events.
-- Index: agent_tasks_pkey, agent_task_events_pkey.
WITH redacted AS (
  UPDATE agent_tasks SET result = result - %(part)s::text WHERE id = ANY(%(ids)s) AND status = 'completed' RETURNING id
)
UPDATE agent_task_events e SET data = NULL FROM redacted WHERE e.task_id = redacted.id;
