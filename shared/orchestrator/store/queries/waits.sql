-- name: change_owner
-- Set the owner of the rest of the transaction; return the one before.
-- Index: none; no table is read.
SELECT before, set_config('orchestrator.owner', %(owner)s, true) FROM (
  SELECT coalesce(current_setting('orchestrator.owner', true), '') AS before OFFSET 0
) setting;

-- name: find_wait
-- Read a task's wait, or the signal that was sent before it.
-- Index: agent_waits_pkey.
SELECT owner_id, kind, began_at IS NOT NULL AS began, coalesce(until <= task_now(), false) AS over,
       extract(epoch FROM until - task_now())::float8 AS seconds_left, asked, operators, model, digest, version, shown, token,
       value, answered_at, answered_by, used_at IS NOT NULL AS used
FROM agent_waits WHERE task_id = %(task_id)s AND name = %(name)s;

-- name: sleep_left
-- Read the seconds that are left of a sleep: until the recorded time, or until the given one when it begins now.
-- Index: agent_task_steps_pkey.
SELECT extract(epoch FROM coalesce(
  (SELECT (result ->> 'until')::timestamptz FROM agent_task_steps WHERE task_id = %(task_id)s AND name = %(name)s),
  %(until)s::timestamptz, task_now() + make_interval(secs => %(seconds)s::float8)) - task_now())::float8 AS seconds_left;

-- name: begin_sleep
-- Record when a sleep ends, for an attempt that has just been finished in this transaction.
-- Index: agent_tasks_pkey, agent_task_steps_pkey.
INSERT INTO agent_task_steps (task_id, name, token, result)
SELECT id, awaits, %(token)s, jsonb_build_object('until', due_at) FROM agent_tasks
WHERE id = %(task_id)s AND status = 'pending' AND awaits = %(awaits)s
ON CONFLICT DO NOTHING;

-- name: begin_question
-- Store the wait of an attempt that has just been finished in this transaction. A signal that came first stays, unless it is to be
-- discarded. The task's row is locked, so no signal comes in between.
-- Index: agent_tasks_pkey, agent_waits_pkey.
INSERT INTO agent_waits AS w (task_id, name, owner_id, kind, began_at, until, asked, operators, schema, model, shown, digest, version, token)
SELECT id, %(name)s, owner_id, %(kind)s, task_now(), CASE WHEN %(expires)s THEN due_at ELSE deadline_at END, %(asked)s, %(operators)s,
       %(schema)s::jsonb, %(model)s, %(shown)s::jsonb, %(digest)s, %(version)s, %(token)s
FROM agent_tasks WHERE id = %(task_id)s AND status = 'pending' AND awaits = %(awaits)s
ON CONFLICT (task_id, name) DO UPDATE
SET kind = EXCLUDED.kind, began_at = EXCLUDED.began_at, until = EXCLUDED.until, asked = EXCLUDED.asked, operators = EXCLUDED.operators,
    schema = EXCLUDED.schema, model = EXCLUDED.model, shown = EXCLUDED.shown, digest = EXCLUDED.digest, version = EXCLUDED.version,
    token = EXCLUDED.token,
    value = CASE WHEN NOT %(discards)s THEN w.value END, answered_at = CASE WHEN NOT %(discards)s THEN w.answered_at END,
    answered_by = CASE WHEN NOT %(discards)s THEN w.answered_by END, used_at = NULL;

-- name: wake_answered
-- Make tasks due that have begun to wait in this transaction for an answer that is there already.
-- Index: agent_tasks_pkey, agent_waits_pkey.
UPDATE agent_tasks task
SET awaits = NULL, due_at = task_now(), wake_at = task_now() + {message_lost_after}, updated_at = task_now()
FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent
WHERE task.id = sent.id AND status = 'pending' AND waiting_for IS NULL
  AND EXISTS (SELECT FROM agent_waits w WHERE w.task_id = task.id AND w.kind || ':' || w.name = task.awaits AND w.answered_at IS NOT NULL)
RETURNING task.id, owner_id, type, traceparent;

-- name: use_decision
-- Note that an attempt acts on a decision, fenced by its token.
-- Index: agent_waits_pkey, agent_tasks_pkey.
UPDATE agent_waits w SET used_at = task_now() FROM agent_tasks t
WHERE w.task_id = %(task_id)s AND w.name = %(name)s AND w.answered_at IS NOT NULL AND w.used_at IS NULL
  AND t.id = w.task_id AND t.token = %(token)s AND t.status = 'processing';

-- name: open_asks
-- Read the open question of a task that waits for an answer; its token only where the task's owner may answer.
-- Index: agent_tasks_pkey, agent_waits_pkey.
SELECT w.task_id, w.name, w.kind, w.schema, w.shown, w.until, CASE WHEN w.owner_id = ANY (w.asked) THEN w.token END AS token
FROM agent_tasks t JOIN agent_waits w ON w.task_id = t.id AND t.awaits = w.kind || ':' || w.name
WHERE t.id = %(task_id)s AND t.status = 'pending' AND t.waiting_for IS NULL AND w.answered_at IS NULL AND (w.until > task_now() OR w.until IS NULL);

-- name: asks_of
-- Read the open questions to an owner. The tasks may be other owners', whose rows the reader does not see.
-- Index: wait_asked.
SELECT task_id, name, kind, schema, shown, until, token FROM agent_waits
WHERE asked @> ARRAY[%(owner_id)s] AND answered_at IS NULL AND began_at IS NOT NULL AND (until > task_now() OR until IS NULL)
ORDER BY began_at, task_id LIMIT %(limit)s;

-- name: asks_of_operators
-- Read the open questions that only operators may answer.
-- Index: wait_for_operators.
SELECT task_id, name, kind, schema, shown, until, token FROM agent_waits
WHERE operators AND kind = 'approval' AND answered_at IS NULL AND (until > task_now() OR until IS NULL)
ORDER BY began_at, task_id LIMIT %(limit)s;

-- name: lock_signalled
-- Lock the task that a signal is for, so that a wait that begins and a signal see each other.
-- Index: agent_tasks_pkey.
SELECT status, CASE WHEN status = 'pending' AND waiting_for IS NULL THEN awaits END AS awaits
FROM agent_tasks WHERE id = %(task_id)s AND owner_id = %(owner_id)s FOR NO KEY UPDATE;

-- name: count_early
-- Count the signals of a task that no wait has asked for yet.
-- Index: agent_waits_pkey.
SELECT count(*) AS early FROM agent_waits WHERE task_id = %(task_id)s AND began_at IS NULL;

-- name: store_signal
-- Store the first signal of its name; no row: there is one already.
-- Index: agent_waits_pkey.
INSERT INTO agent_waits AS w (task_id, name, owner_id, value, answered_at, answered_by)
VALUES (%(task_id)s, %(name)s, %(owner_id)s, %(value)s::jsonb, task_now(), %(by)s)
ON CONFLICT (task_id, name) DO UPDATE SET value = EXCLUDED.value, answered_at = EXCLUDED.answered_at, answered_by = EXCLUDED.answered_by
WHERE w.answered_at IS NULL
RETURNING answered_at;

-- name: note_signal
-- Write the event of a signal, and make the task due when the signal `wakes` it.
-- Index: agent_tasks_pkey.
WITH task AS (
  UPDATE agent_tasks SET seq = seq + 1, updated_at = task_now(),
    due_at = CASE WHEN %(wakes)s THEN task_now() ELSE due_at END,
    wake_at = CASE WHEN %(wakes)s THEN task_now() + {message_lost_after} ELSE wake_at END,
    awaits = CASE WHEN NOT %(wakes)s THEN awaits END
  WHERE id = %(task_id)s RETURNING *
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'signal', status, owner_id, %(event)s::jsonb FROM task
)
SELECT id, owner_id, type, traceparent FROM task;
