-- name: mark_sent
-- Record that a dead letter's message is in the dead-letter queue. A dead letter of a later seq stays as it is.
-- Index: agent_tasks_pkey.
UPDATE agent_tasks t SET wake_at = NULL
FROM unnest(%(ids)s::uuid[], %(seqs)s::int[]) AS sent (id, seq)
WHERE t.id = sent.id AND t.seq = sent.seq AND t.status = 'dead-letter';

-- name: undecided
-- Return for messages of the dead-letter queue, in their order, whether an operator must still decide about their dead letter.
-- Index: agent_tasks_pkey.
SELECT message.id IS NULL OR t.id IS NOT NULL AS waits
FROM unnest(%(ids)s::uuid[], %(seqs)s::int[]) WITH ORDINALITY AS message (id, seq, position)
LEFT JOIN agent_tasks t ON t.id = message.id AND t.status = 'dead-letter' AND t.seq = coalesce(message.seq, t.seq)
ORDER BY position;

-- name: redrive
-- Return dead letters to pending with all their attempts; their history stays. With a rate they are due one after another.
-- With `seqs`, redrive only dead letters of exactly that seq. Record each dead letter of the last hour for the statistics,
-- because its row no longer has it. A later task may have the unique key, so none is kept. The rows come in the order of the ids.
-- Index: agent_tasks_pkey.
WITH chosen AS (
  SELECT one.id, one.dead_seq, position, dead.dead_at AS died_at,
         CASE WHEN %(rate)s::float8 IS NULL THEN 0 ELSE %(first_in)s + (position - 1) / %(rate)s END AS wait
  FROM unnest(%(ids)s::uuid[], %(seqs)s::int[]) WITH ORDINALITY AS one (id, dead_seq, position) JOIN agent_tasks dead ON dead.id = one.id
), redriven AS (
  UPDATE agent_tasks t
  SET status = 'pending', attempts = 0, resends = 0, finished_at = NULL, dead_at = NULL, unique_key = NULL,
      due_at = task_now() + make_interval(secs => wait), ready_at = task_now() + make_interval(secs => wait),
      deadline_at = task_now() + make_interval(secs => wait) + (t.deadline_at - coalesce(t.ready_at, t.created_at)),
      wake_at = task_now() + make_interval(secs => wait) + {message_lost_after},
      seq = seq + 1, updated_at = task_now()
  FROM chosen WHERE t.id = chosen.id AND t.status = 'dead-letter' AND (chosen.dead_seq IS NULL OR t.seq = chosen.dead_seq)
  RETURNING t.*, chosen.wait, chosen.died_at, chosen.position
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'redriven', status, owner_id, jsonb_build_object('by', %(actor)s::text) FROM redriven
), noted AS (
  INSERT INTO occurrences (at, kind, type, tasks)
  SELECT date_trunc('second', died_at), 'death', type, count(*) FROM redriven WHERE died_at > task_now() - interval '1 hour' GROUP BY 1, type
)
SELECT id, owner_id, type, traceparent, wait::float8 AS due_in FROM redriven ORDER BY position;

-- name: select_dead_letters
-- Read dead letters by id, type, fingerprint or code version of the last attempt, all without a filter; oldest first.
-- Index: task_dead; agent_task_events_pkey for the version.
SELECT id, owner_id, type, attempts, dead_at,
-- include: bounded_error
AS error
FROM agent_tasks t
WHERE dead_at IS NOT NULL
  AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
  AND (%(type)s::text IS NULL OR type = %(type)s)
  AND (%(fingerprint)s::text IS NULL OR coalesce(error ->> 'fingerprint', '-') = %(fingerprint)s)
  AND (%(version)s::text IS NULL OR %(version)s = coalesce((
    SELECT nullif(e.data ->> 'version', '') FROM agent_task_events e
    WHERE e.task_id = t.id AND e.kind = 'started' ORDER BY e.seq DESC LIMIT 1), '-'))
  AND (%(dead_since)s::timestamptz IS NULL OR (dead_at, id) > (%(dead_since)s, %(last)s::uuid))
ORDER BY dead_at, id LIMIT %(limit)s;

-- name: count_dead_letters
-- Count the matching dead letters.
-- Index: task_dead; agent_task_events_pkey for the version.
SELECT count(*) AS tasks FROM agent_tasks t
WHERE dead_at IS NOT NULL
  AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
  AND (%(type)s::text IS NULL OR type = %(type)s)
  AND (%(fingerprint)s::text IS NULL OR coalesce(error ->> 'fingerprint', '-') = %(fingerprint)s)
  AND (%(version)s::text IS NULL OR %(version)s = coalesce((
    SELECT nullif(e.data ->> 'version', '') FROM agent_task_events e
    WHERE e.task_id = t.id AND e.kind = 'started' ORDER BY e.seq DESC LIMIT 1), '-'));

-- name: group_dead_letters
-- Group dead letters by failure, type and code version, the newest group first.
-- The version is that of the last attempt. Index: task_dead; agent_task_events_pkey for the version.
SELECT fingerprint, type, version, count(*) AS tasks, count(DISTINCT owner_id) AS owners, min(dead_at) AS first_seen,
       max(dead_at) AS last_seen, (array_agg(id ORDER BY dead_at DESC))[1] AS example_id,
       (array_agg(owner_id ORDER BY dead_at DESC))[1] AS example_owner, (array_agg(error ORDER BY dead_at DESC))[1] AS example_error
FROM (
  SELECT t.id, t.owner_id, t.type, t.dead_at,
-- include: bounded_error
         AS error, coalesce(t.error ->> 'fingerprint', '') AS fingerprint,
         coalesce((SELECT e.data ->> 'version' FROM agent_task_events e
                   WHERE e.task_id = t.id AND e.kind = 'started' ORDER BY e.seq DESC LIMIT 1), '') AS version
  FROM agent_tasks t
  WHERE t.dead_at IS NOT NULL
    AND (%(ids)s::uuid[] IS NULL OR t.id = ANY(%(ids)s))
    AND (%(type)s::text IS NULL OR t.type = %(type)s)
    AND (%(fingerprint)s::text IS NULL OR coalesce(t.error ->> 'fingerprint', '-') = %(fingerprint)s)
  ORDER BY t.dead_at DESC LIMIT %(window)s
) dead
WHERE %(version)s::text IS NULL OR version = %(version)s OR (version = '' AND %(version)s = '-')
GROUP BY fingerprint, type, version
ORDER BY last_seen DESC;

-- name: discard
-- End dead letters as cancelled, with the operator's reason. Record them for the statistics as a redrive does.
-- Index: agent_tasks_pkey.
WITH discarded AS (
  UPDATE agent_tasks t
  SET status = 'cancelled', finished_at = task_now(), dead_at = NULL, wake_at = NULL, limited = false, seq = t.seq + 1,
      updated_at = task_now()
  FROM agent_tasks dead WHERE dead.id = t.id AND t.id = ANY(%(ids)s) AND t.status = 'dead-letter'
  RETURNING t.*, dead.dead_at AS died_at
), noted AS (
  INSERT INTO occurrences (at, kind, type, tasks)
  SELECT date_trunc('second', died_at), 'death', type, count(*) FROM discarded WHERE died_at > task_now() - interval '1 hour' GROUP BY 1, type
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'discarded', status, owner_id, jsonb_build_object('by', %(actor)s::text, 'reason', %(reason)s::text) FROM discarded
)
SELECT id, owner_id, type, traceparent FROM discarded;
