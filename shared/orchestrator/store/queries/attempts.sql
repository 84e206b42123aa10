-- Here and in other files: `LIMIT (SELECT NULL::bigint)` limits nothing. Postgres cannot read it, expects a tenth of the rows and so
-- visits the index once per id. Without it Postgres reads a small table, or one with old statistics, from end to end. An array in
-- `(SELECT …)` counts as ten elements for any number of elements, so that one plan per session serves all calls.

-- name: claim
-- Lease those of the ids that may run now to one worker, each with a new token. `start` or `finish` writes the started event.
-- Suspected tasks run alone. Limited tasks need a caller that has locked and counted their limit.
-- Index: agent_tasks_pkey; connection_owner for `watched`.
WITH ready AS (
  SELECT task.id FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent
  JOIN agent_tasks task ON task.id = sent.id
  WHERE status = 'pending' AND due_at <= task_now() AND parked_by IS NULL
    AND limited = %(limited)s AND (%(alone)s OR NOT suspect) AND type <> ALL(%(paused_types)s)
  ORDER BY task.id FOR UPDATE OF task SKIP LOCKED
), claimed AS (
  UPDATE agent_tasks t
  SET status = 'processing', token = nextval('attempt_token'), attempts = attempts + 1, alone = %(alone)s,
      started_at = NULL, leased_by = %(worker)s, leased_until = task_now() + make_interval(secs => %(lease)s),
      waiting_for = NULL, awaits = NULL, updated_at = task_now()
  FROM ready WHERE t.id = ready.id
  RETURNING t.id, token, owner_id, type, payload, payload_version, attempts, max_attempts, flags, parent_id, traceparent,
            alone, losses, coalesce(deadline_at <= task_now(), false) AS overdue,
            date_part('epoch', task_now() - due_at) AS waited, date_part('epoch', task_now() - created_at) AS age
)
SELECT id, token, owner_id, type, payload, payload_version, attempts, max_attempts, flags, parent_id, traceparent, waited, age,
       alone, losses, overdue,
       EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = claimed.owner_id AND s.subscribed) AS watched
FROM claimed;

-- name: start
-- Write that the handlers of claimed attempts begin. An attempt that lost its task has no row. The sweeper checks the task when
-- its lease ends. `finish` writes the same for a handler that is known to be quick.
-- Index: agent_tasks_pkey.
WITH sent AS (
  SELECT * FROM unnest((SELECT %(ids)s::uuid[]), (SELECT %(tokens)s::bigint[])) AS sent (id, token) LIMIT (SELECT NULL::bigint)
), begun AS (
  UPDATE agent_tasks t
  SET started_at = task_now(), wake_at = least(t.wake_at, t.leased_until), seq = t.seq + 1, updated_at = task_now()
  FROM sent a
  WHERE t.id = a.id AND t.token = a.token AND t.status = 'processing' AND t.started_at IS NULL
  RETURNING t.id, t.seq, t.attempts, t.status, t.owner_id
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'started', status, owner_id, %(event)s::jsonb FROM begun
)
SELECT id FROM begun
UNION ALL -- a repetition, whose first answer was lost
SELECT t.id FROM sent a JOIN agent_tasks t ON t.id = a.id AND t.token = a.token WHERE t.status = 'processing' AND t.started_at IS NOT NULL;

-- name: unclaim
-- Return claimed attempts that did not start to pending, as if they had not been claimed.
-- Index: agent_tasks_pkey.
UPDATE agent_tasks t
SET status = 'pending', token = NULL, leased_until = NULL, leased_by = NULL, alone = false, attempts = t.attempts - 1, updated_at = task_now()
FROM (SELECT * FROM unnest((SELECT %(ids)s::uuid[]), (SELECT %(tokens)s::bigint[])) AS sent (id, token) LIMIT (SELECT NULL::bigint)) a
WHERE t.id = a.id AND t.token = a.token AND t.status = 'processing' AND t.started_at IS NULL
RETURNING t.id;

-- name: renew
-- Extend the leases of running attempts. An attempt that lost its task has no row.
-- Index: agent_tasks_pkey.
UPDATE agent_tasks t SET leased_until = task_now() + make_interval(secs => %(lease)s)
FROM (SELECT * FROM unnest((SELECT %(ids)s::uuid[]), (SELECT %(tokens)s::bigint[])) AS sent (id, token) LIMIT (SELECT NULL::bigint)) a
WHERE t.id = a.id AND t.token = a.token AND t.status = 'processing'
RETURNING t.id;

-- name: lock_limit
-- Serialise the claims of one owner's tasks of one type until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(%(owner_id)s || ' ' || %(type)s, 0));

-- name: count_limited
-- Count an owner's running tasks of a limited type.
-- Index: task_limited.
SELECT count(*) AS running FROM agent_tasks
WHERE limited AND owner_id = %(owner_id)s AND type = %(type)s AND status = 'processing';

-- name: find_unclaimed
-- Read the state of tasks that were not claimed.
-- Index: agent_tasks_pkey.
SELECT id, owner_id, type, status, seq, suspect, limited, parked_by, waiting_for, awaits, traceparent,
       greatest(extract(epoch FROM due_at - task_now())::float8, CASE WHEN due_at IS NOT NULL THEN 0 END) AS due_in,
       extract(epoch FROM leased_until - task_now())::float8 AS lease_left,
       (extract(epoch FROM dead_at) * 1000)::float8 AS dead_ms, coalesce(deadline_at <= task_now(), false) AS overdue
FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent JOIN agent_tasks USING (id);

-- name: end_leases
-- Return tasks whose lease has ended to pending. The lost attempt is spent only if it ran alone; the next one runs alone.
-- A running worker has locked its rows, which are skipped.
-- Index: agent_tasks_pkey.
WITH ended AS (
  SELECT task.id, alone AS spent FROM (SELECT unnest((SELECT %(ids)s::uuid[])) AS id LIMIT (SELECT NULL::bigint)) sent
  JOIN agent_tasks task ON task.id = sent.id
  WHERE status = 'processing' AND leased_until <= task_now()
  ORDER BY task.id FOR UPDATE OF task SKIP LOCKED
), moved AS (
  UPDATE agent_tasks t
  SET status = CASE WHEN spent AND attempts >= max_attempts THEN 'dead-letter' ELSE 'pending' END,
      finished_at = CASE WHEN spent AND attempts >= max_attempts THEN task_now() END,
      dead_at = CASE WHEN spent AND attempts >= max_attempts THEN task_now() END,
      error = CASE WHEN spent THEN %(error)s::jsonb ELSE error END,
      attempts = CASE WHEN spent THEN attempts ELSE attempts - 1 END,
      suspect = true, alone = false, token = NULL, leased_until = NULL, leased_by = NULL,
      due_at = task_now(),
      wake_at = task_now() + CASE WHEN spent AND attempts >= max_attempts THEN {dead_letter_unsent_after} ELSE {message_lost_after} END,
      seq = seq + 1, updated_at = task_now()
  FROM ended WHERE t.id = ended.id
  RETURNING t.*, spent
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'lease-lost', status, owner_id, CASE WHEN spent THEN jsonb_build_object('error', error) END FROM moved
), noted AS (
  INSERT INTO occurrences (at, kind, type, tasks) SELECT date_trunc('second', task_now()), 'lease-lost', type, count(*) FROM moved GROUP BY type
)
SELECT id, owner_id, type, status, seq, attempts, parent_id, traceparent FROM moved;

-- name: lock_attempts
-- Lock the rows of running attempts, so that no worker can end a lease before the transaction ends.
-- Mark the transaction as one of handlers. KEY SHARE: progress, steps and cancel still pass.
-- Index: agent_tasks_pkey; handler_transactions_pkey.
WITH marker AS (
  INSERT INTO handler_transactions (xid) VALUES (pg_current_xact_id()) RETURNING xid::text AS marker
), locked AS (
  SELECT t.id
  FROM (SELECT * FROM unnest((SELECT %(ids)s::uuid[]), (SELECT %(tokens)s::bigint[])) AS sent (id, token) LIMIT (SELECT NULL::bigint)) a
  JOIN agent_tasks t ON t.id = a.id AND t.token = a.token
  WHERE t.status = 'processing'
  ORDER BY t.id FOR KEY SHARE OF t
)
SELECT marker, locked.id FROM marker LEFT JOIN locked ON true;

-- name: pin_flags
-- Store the flag values of a task's first attempt.
-- Index: agent_tasks_pkey.
UPDATE agent_tasks t SET flags = a.flags::jsonb
FROM (SELECT * FROM unnest((SELECT %(ids)s::uuid[]), (SELECT %(tokens)s::bigint[]), (SELECT %(flags)s::text[])) AS sent (id, token, flags)
      LIMIT (SELECT NULL::bigint)) a
WHERE t.id = a.id AND t.token = a.token AND t.status = 'processing' AND t.flags IS NULL;

-- name: finish
-- Write the outcomes of a batch with their events, each fenced by its attempt's token. An attempt that lost its task has no row.
-- `delay` is in seconds; null: the task waits for children without a limit of its own. No wait lasts longer than the deadline.
-- The sweeper checks a task that `awaits` something at the end of its wait.
-- `ran`: seconds since the handler began, of an attempt whose started event `start` has not written.
-- With a marker, nothing is written unless this is still the handlers' own transaction; then it may be committed.
-- Index: agent_tasks_pkey; handler_transactions_pkey; connection_owner for `watched`.
WITH outcome AS (
  SELECT * FROM (
    SELECT * FROM json_to_recordset(%(outcomes)s::json)
      AS o (id uuid, token bigint, status text, kind text, result text, error text, delay float8, refund smallint, parked_by text,
            waiting_for smallint, awaits text, event text, lost smallint, ran float8)
    LIMIT (SELECT NULL::bigint)
  ) sent LIMIT (SELECT NULL::bigint) -- a tenth of a tenth of the hundred rows that every JSON text counts as
), marked AS (
  DELETE FROM handler_transactions WHERE xid = %(marker)s::text::xid8 RETURNING xid
), finished AS (
  UPDATE agent_tasks t
  SET status = o.status, token = NULL, leased_until = NULL, leased_by = NULL, alone = false, resends = 0,
      losses = CASE WHEN o.lost = 1 THEN least(t.losses + 1, 1000) ELSE 0 END,
      suspect = (o.lost IS NOT DISTINCT FROM 1 AND t.losses >= 1),
      attempts = t.attempts - coalesce(o.refund, 0), result = o.result::jsonb,
      error = CASE WHEN o.status <> 'completed' THEN coalesce(o.error::jsonb, t.error) END,
      due_at = CASE WHEN o.status <> 'pending' THEN t.due_at
                    WHEN o.delay IS NOT NULL THEN least(task_now() + make_interval(secs => o.delay), t.deadline_at) END,
      wake_at = CASE WHEN o.status = 'dead-letter' THEN task_now() + {dead_letter_unsent_after}
                     WHEN o.status = 'pending' AND o.parked_by IS NULL
                     THEN least(task_now() + coalesce(make_interval(secs => o.delay), interval '1 hour'), t.deadline_at)
                          + CASE WHEN o.awaits IS NULL AND o.delay <= {longest_invisibility} THEN {message_lost_after} ELSE interval '0' END END,
      finished_at = CASE WHEN o.status <> 'pending' THEN task_now() END,
      dead_at = CASE WHEN o.status = 'dead-letter' THEN task_now() END,
      limited = t.limited AND o.status IN ('pending', 'dead-letter'),
      parked_by = o.parked_by, waiting_for = o.waiting_for,
      awaits = o.awaits, started_at = CASE WHEN o.ran IS NULL THEN t.started_at ELSE task_now() - make_interval(secs => o.ran) END,
      seq = t.seq + CASE WHEN o.ran IS NULL THEN 1 ELSE 2 END, updated_at = task_now()
  FROM outcome o WHERE t.id = o.id AND t.token = o.token AND t.status = 'processing'
    AND (%(marker)s::text IS NULL OR EXISTS (SELECT FROM marked))
  RETURNING t.id, t.owner_id, t.type, t.status, t.seq, t.attempts, t.parent_id, o.kind, o.event, o.refund, o.ran,
            date_part('epoch', task_now() - coalesce(t.ready_at, t.created_at)) AS age
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq - 1, attempts + coalesce(refund, 0), 'started', 'processing', owner_id, %(started)s::jsonb FROM finished WHERE ran IS NOT NULL
  UNION ALL
  SELECT id, seq, attempts, kind, status, owner_id, event::jsonb FROM finished
)
SELECT id, owner_id, type, status, seq, attempts, parent_id, age,
       EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = finished.owner_id AND s.subscribed) AS watched
FROM finished;

-- name: next_limited
-- Read the oldest tasks that wait for a limit, at most as many as may start now.
-- Index: task_limited.
SELECT task.id, task.owner_id, task.type, task.traceparent
FROM unnest(%(owners)s::text[], %(types)s::text[], %(slots)s::int[]) AS freed (owner_id, type, slots)
CROSS JOIN LATERAL (
  SELECT id, owner_id, type, traceparent FROM agent_tasks
  WHERE limited AND owner_id = freed.owner_id AND type = freed.type AND status = 'pending'
    AND due_at <= task_now() AND parked_by IS NULL
  ORDER BY id LIMIT freed.slots
) task;

-- name: park
-- Park a due task of a type whose flag is off; the sweeper unparks it when the flag is on again.
-- Index: agent_tasks_pkey.
WITH parked AS (
  UPDATE agent_tasks SET parked_by = %(flag)s, wake_at = NULL, seq = seq + 1, updated_at = task_now()
  WHERE id = %(id)s AND status = 'pending' AND parked_by IS NULL AND waiting_for IS NULL
  RETURNING *
)
INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
SELECT id, seq, attempts, 'parked', status, owner_id, jsonb_build_object('flag', parked_by) FROM parked;
