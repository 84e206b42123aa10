-- name: find_joined
-- Read the task that answered an earlier submit under this idempotency key, and the hash of that request.
-- Index: agent_task_keys_pkey; agent_tasks_pkey.
SELECT k.request_hash AS joined_hash, t.id AS task_id
FROM agent_task_keys k LEFT JOIN agent_tasks t ON t.id = k.task_id
WHERE k.owner_id = %(owner_id)s AND k.idempotency_key = %(idempotency_key)s;

-- name: remember_key
-- Index: agent_task_keys_pkey.
INSERT INTO agent_task_keys (owner_id, idempotency_key, request_hash, task_id)
VALUES (%(owner_id)s, %(idempotency_key)s, %(request_hash)s, %(task_id)s)
ON CONFLICT DO NOTHING;

-- name: prune_keys
-- Index: key_retention.
DELETE FROM agent_task_keys WHERE created_at < (SELECT task_now() - make_interval(days => %(days)s));

-- name: lock_holder
-- Lock the unfinished task that has a unique key until the transaction ends.
-- Index: task_unique.
SELECT id, status = 'processing' OR started_at IS NOT NULL AS started FROM agent_tasks
WHERE owner_id = %(owner_id)s AND type = %(type)s AND unique_key = %(unique_key)s AND finished_at IS NULL
FOR NO KEY UPDATE;

-- name: renew_holder
-- Give a task that has not started the payload and times of a later submit. A debounced task is due `delay` seconds from now,
-- but no later than `longest` seconds after its first submit.
-- Index: agent_tasks_pkey.
WITH due AS (
  SELECT id, due_at AS before,
         greatest(least(greatest(%(schedule_at)s::timestamptz, task_now() + make_interval(secs => %(delay)s)),
                        created_at + make_interval(secs => %(longest)s)), task_now()) AS at
  FROM agent_tasks WHERE id = %(id)s
), renewed AS (
  UPDATE agent_tasks t
  SET payload = %(payload)s::jsonb, payload_version = %(payload_version)s, max_attempts = %(max_attempts)s, due_at = due.at, ready_at = due.at,
      wake_at = CASE WHEN due.at > task_now() + {longest_delay} THEN due.at ELSE due.at + {message_lost_after} END,
      deadline_at = due.at + make_interval(secs => %(deadline)s), traceparent = %(traceparent)s, seq = t.seq + 1, updated_at = task_now()
  FROM due WHERE t.id = due.id AND t.status = 'pending'
  RETURNING t.*, due.at < due.before AS sooner
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)
  SELECT id, seq, attempts, 'renewed', status, owner_id FROM renewed
)
SELECT *, extract(epoch FROM due_at - task_now())::float8 AS due_in FROM renewed;

-- name: release_key
-- Take the unique key from a task that has started, for a later one.
-- Index: agent_tasks_pkey.
UPDATE agent_tasks SET unique_key = NULL WHERE id = %(id)s;
