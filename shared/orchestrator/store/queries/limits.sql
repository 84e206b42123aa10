-- The tables of limits have a row for each key in use, for each attempt under a limit and for each task that waits.

-- name: lock_limits
-- Store limits as the code declares them, and lock them until the transaction ends, in one order.
-- Index: agent_limits_pkey.
INSERT INTO agent_limits AS stored (key, at_most, requests, per)
SELECT key, at_most, requests, per
FROM unnest(%(keys)s::text[], %(at_most)s::int[], %(requests)s::int[], %(per)s::float8[]) AS l (key, at_most, requests, per) ORDER BY key
ON CONFLICT (key) DO UPDATE SET at_most = EXCLUDED.at_most, requests = EXCLUDED.requests, per = EXCLUDED.per, used_at = task_now();

-- name: lock_limit
-- Lock a limit until the transaction ends.
-- Index: agent_limits_pkey.
SELECT key FROM agent_limits WHERE key = %(key)s FOR UPDATE;

-- name: end_uses
-- Note which attempts under locked limits are over, and delete those that no limit counts any more.
-- Index: agent_limit_uses_pkey, agent_tasks_pkey.
WITH used AS (
  SELECT u.key, u.token, coalesce(u.ended_at, task_now()) + make_interval(secs => coalesce(l.per, 0)) <= task_now() AS gone
  FROM (SELECT unnest((SELECT %(keys)s::text[])) AS key LIMIT (SELECT NULL::bigint)) locked
  JOIN agent_limits l USING (key) JOIN agent_limit_uses u USING (key)
  LEFT JOIN LATERAL (SELECT token FROM agent_tasks WHERE id = u.task_id AND u.ended_at IS NULL LIMIT 1) t ON true
  WHERE t.token IS DISTINCT FROM u.token
), deleted AS (
  DELETE FROM agent_limit_uses u USING used WHERE u.key = used.key AND u.token = used.token AND used.gone
)
UPDATE agent_limit_uses u SET ended_at = task_now()
FROM used WHERE u.key = used.key AND u.token = used.token AND NOT used.gone AND u.ended_at IS NULL;

-- name: read_rooms
-- Read the room under locked limits for a task: the seconds until each attempt that is over counts no more, and the tasks that
-- have been granted a start. A grant that its task has not used for a minute is void.
-- Index: agent_limits_pkey, agent_limit_uses_pkey, limit_granted, limit_waiting, agent_limit_waits_pkey.
SELECT l.key, l.at_most, l.requests, l.per, greatest(extract(epoch FROM l.closed_until - task_now())::float8, 0) AS closed_for,
       least(1, l.share + greatest(extract(epoch FROM task_now() - l.closed_until)::float8, 0) / {limit_opens_in}) AS share,
       (SELECT count(*) FROM agent_limit_uses u WHERE u.key = l.key AND u.ended_at IS NULL) AS running,
       ARRAY(SELECT extract(epoch FROM u.ended_at - task_now())::float8 + l.per FROM agent_limit_uses u
             WHERE u.key = l.key AND u.ended_at IS NOT NULL ORDER BY u.ended_at) AS leaving,
       (SELECT count(*) FROM agent_limit_waits w WHERE w.key = l.key AND w.granted_at > task_now() - {grant_void_after}
          AND w.task_id IS DISTINCT FROM %(task_id)s::uuid) AS granted,
       coalesce((SELECT w.key = l.key AND w.granted_at <= task_now() FROM agent_limit_waits w WHERE w.task_id = %(task_id)s::uuid), false)
         AS is_granted,
       EXISTS (SELECT FROM agent_limit_waits w WHERE w.key = l.key AND w.task_id IS DISTINCT FROM %(task_id)s::uuid
                 AND (w.granted_at IS NULL OR w.granted_at <= task_now() - {grant_void_after})) AS others_wait
FROM (SELECT unnest((SELECT %(keys)s::text[])) AS key LIMIT (SELECT NULL::bigint)) wanted JOIN agent_limits l USING (key) ORDER BY l.key;

-- name: wait_for_room
-- Let a task wait under a locked limit. The sweeper checks it every hour, and at its deadline.
-- Index: agent_limit_waits_pkey, agent_tasks_pkey.
WITH wait AS (
  INSERT INTO agent_limit_waits AS w (task_id, key) VALUES (%(task_id)s, %(key)s)
  ON CONFLICT (task_id) DO UPDATE SET key = EXCLUDED.key,
    granted_at = CASE WHEN w.key = EXCLUDED.key AND w.granted_at > task_now() THEN w.granted_at END
)
UPDATE agent_tasks SET wake_at = least(task_now() + interval '1 hour', deadline_at) WHERE id = %(task_id)s AND status = 'pending';

-- name: use_limits
-- Count a claimed attempt under locked limits; its task waits no more.
-- Index: agent_limit_uses_pkey, agent_limit_waits_pkey.
WITH waited AS (
  DELETE FROM agent_limit_waits WHERE task_id = %(task_id)s
)
INSERT INTO agent_limit_uses (key, token, task_id) SELECT unnest(%(keys)s::text[]), %(token)s, %(task_id)s;

-- name: grant_starts
-- Grant a start to the tasks that have waited longest under a locked limit, each after its seconds of `delays`. A task that cannot
-- start any more, because it was cancelled or its flag is off, is taken out (`gone`).
-- Index: limit_waiting, agent_tasks_pkey.
WITH oldest AS (
  SELECT task_id FROM agent_limit_waits
  WHERE key = %(key)s AND (granted_at IS NULL OR granted_at <= task_now() - {grant_void_after})
  ORDER BY task_id LIMIT cardinality(%(delays)s::float8[])
), seen AS (
  SELECT o.task_id, t.owner_id, t.type, t.traceparent, t.id IS NULL AS gone,
         row_number() OVER (PARTITION BY t.id IS NULL ORDER BY o.task_id) AS turn
  FROM oldest o LEFT JOIN LATERAL (
    SELECT * FROM agent_tasks t WHERE t.id = o.task_id AND t.status = 'pending' AND t.parked_by IS NULL AND t.due_at <= task_now()
  ) t ON true
), granted AS (
  UPDATE agent_limit_waits w SET granted_at = task_now() + make_interval(secs => (%(delays)s::float8[])[turn])
  FROM seen WHERE w.task_id = seen.task_id AND NOT gone
), deleted AS (
  DELETE FROM agent_limit_waits w USING seen WHERE w.task_id = seen.task_id AND gone
)
SELECT task_id AS id, owner_id, type, traceparent, gone, (%(delays)s::float8[])[turn] AS delay FROM seen ORDER BY task_id;

-- name: close_limit
-- Close a limit for so many seconds, because a service refused an attempt. Halve it once for all attempts that started before.
-- Index: agent_limits_pkey, agent_limit_uses_pkey.
UPDATE agent_limits l
SET closed_until = greatest(l.closed_until, task_now() + make_interval(secs => %(seconds)s)),
    closed_at = CASE WHEN u.started_at > l.closed_at OR l.closed_at IS NULL THEN task_now() ELSE l.closed_at END,
    share = CASE WHEN u.started_at > l.closed_at OR l.closed_at IS NULL
                 THEN least(1, l.share + greatest(extract(epoch FROM task_now() - l.closed_until)::float8, 0) / {limit_opens_in}) / 2
                 ELSE l.share END
FROM agent_limit_uses u
WHERE l.key = %(key)s AND u.key = l.key AND u.token = %(token)s;

-- name: waiting_keys
-- Read the keys that tasks wait under.
-- Index: limit_waiting, once per key.
WITH RECURSIVE waited AS (
  (SELECT key FROM agent_limit_waits ORDER BY key LIMIT 1)
  UNION ALL
  SELECT (SELECT w.key FROM agent_limit_waits w WHERE w.key > waited.key ORDER BY w.key LIMIT 1) FROM waited WHERE waited.key IS NOT NULL
)
SELECT key FROM waited WHERE key IS NOT NULL LIMIT %(limit)s;

-- name: prune_limits
-- Delete limits that nothing has used for a day and for their period, and that nothing waits for.
-- Index: limit_used, limit_waiting.
DELETE FROM agent_limits l
WHERE used_at < (SELECT task_now() - interval '1 day') AND used_at < task_now() - make_interval(secs => coalesce(per, 0))
  AND NOT EXISTS (SELECT FROM agent_limit_waits w WHERE w.key = l.key);

-- name: limit_of_task
-- Read the limit that a task waits for, and the number of tasks before it, counted up to `most_ahead`.
-- Index: agent_limit_waits_pkey, limit_waiting.
SELECT mine.key, mine.granted_at IS NOT NULL AS granted,
       (SELECT count(*) FROM (SELECT FROM agent_limit_waits o WHERE o.key = mine.key AND o.task_id < mine.task_id LIMIT %(most_ahead)s) before)
         AS ahead
FROM agent_limit_waits mine WHERE mine.task_id = %(task_id)s;
