-- name: mark_sent
-- Notes that a dead letter's message is in the dead-letter queue.
-- Index: agent_tasks_pkey.
UPDATE agent_tasks SET wake_at = NULL WHERE id = ANY(%(ids)s) AND status = 'dead-letter';

-- name: revive
-- Gives dead letters their attempts anew; their history stays.
-- Index: agent_tasks_pkey.
WITH revived AS (
  UPDATE agent_tasks
  SET status = 'pending', attempts = 0, resends = 0, finished_at = NULL, dead_at = NULL, due_at = task_now(),
      wake_at = task_now() + interval '2 minutes', seq = seq + 1, updated_at = task_now()
  WHERE id = ANY(%(ids)s) AND status = 'dead-letter'
  RETURNING *
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'redriven', status, owner_id, jsonb_build_object('by', %(actor)s::text) FROM revived
)
SELECT id, owner_id, type, traceparent FROM revived;

-- name: select_dead_letters
-- Dead letters by id, type or fingerprint; all of them where nothing is given. Oldest first.
-- Index: task_dead.
SELECT id, owner_id, type, attempts, error, dead_at FROM agent_tasks
WHERE dead_at IS NOT NULL
  AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
  AND (%(type)s::text IS NULL OR type = %(type)s)
  AND (%(fingerprint)s::text IS NULL OR error ->> 'fingerprint' = %(fingerprint)s)
ORDER BY dead_at LIMIT %(limit)s;

-- name: discard
-- Gives up dead letters for good: they end cancelled, with the operator's reason kept.
-- Index: agent_tasks_pkey.
WITH discarded AS (
  UPDATE agent_tasks SET status = 'cancelled', dead_at = NULL, wake_at = NULL, limited = false, seq = seq + 1, updated_at = task_now()
  WHERE id = ANY(%(ids)s) AND status = 'dead-letter'
  RETURNING *
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'discarded', status, owner_id, jsonb_build_object('by', %(actor)s::text, 'reason', %(reason)s::text) FROM discarded
)
SELECT id FROM discarded;

-- name: audit
-- Index: none read; operator_actions is appended to.
INSERT INTO operator_actions (actor, action, detail) VALUES (%(actor)s, %(action)s, %(detail)s::jsonb);
