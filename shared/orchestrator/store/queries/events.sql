-- name: task_events
-- Read a task's history in order, after a seq.
-- Index: agent_task_events_pkey.
SELECT seq, kind, status, attempts, created_at,
-- include: bounded_data
AS data
FROM agent_task_events
WHERE task_id = %(task_id)s AND seq > %(after)s AND (%(any_owner)s OR owner_id = %(owner_id)s)
ORDER BY seq LIMIT %(limit)s;

-- name: newest_events
-- Read the end of any owner's task's history, in order, without the parts of its streams.
-- Index: agent_task_events_pkey, backwards.
SELECT * FROM (
  SELECT seq, kind, status, attempts, created_at,
-- include: bounded_data
  AS data
  FROM agent_task_events
  WHERE task_id = %(task_id)s AND kind <> 'stream' ORDER BY seq DESC LIMIT %(limit)s
) newest ORDER BY seq;

-- name: unseen
-- Read a page of an owner's events after a cursor, in order per task. `base` is the snapshot that the reader has seen, `target`
-- the one that the pages lead to (null: the current one). The page begins after (after_task, after_seq).
-- An event of a stream has its text from the stream's chunks; null: a later generation has replaced it.
-- An event of a wait has the questions that are open now.
-- Index: event_feed from the base's xmin on, agent_task_chunks_pkey, agent_waits_pkey.
WITH bound AS MATERIALIZED (
  SELECT coalesce(%(target)s::pg_snapshot, pg_current_snapshot()) AS target
)
SELECT e.task_id, e.seq, e.kind, e.status, e.attempts, e.created_at, t.type, t.max_attempts, t.traceparent,
-- include: bounded_data
       AS data,
       CASE WHEN e.status = 'completed' AND t.status = 'completed' AND octet_length(t.result::text) <= 131072 THEN t.result END AS result,
       coalesce(e.status = 'completed' AND t.status = 'completed' AND octet_length(t.result::text) > 131072, false) AS result_truncated,
       CASE WHEN e.kind = 'stream' THEN (
         SELECT substr(c.text, (e.data ->> 'offset')::int - c.start + 1, (e.data ->> 'length')::int) FROM agent_task_chunks c
         WHERE c.task_id = e.task_id AND c.stream = e.data ->> 'stream' AND c.generation = (e.data ->> 'generation')::int
           AND c.start <= (e.data ->> 'offset')::int
         ORDER BY c.start DESC LIMIT 1
       ) END AS text,
       CASE WHEN e.kind IN ('waiting', 'signal') THEN (
         SELECT json_agg(json_build_object('name', w.name, 'kind', w.kind, 'schema', w.schema, 'shown', w.shown, 'until', w.until,
                                           'token', CASE WHEN w.owner_id = ANY (w.asked) THEN w.token END))
         FROM agent_waits w WHERE w.task_id = e.task_id AND w.answered_at IS NULL AND t.awaits = w.kind || ':' || w.name
       ) END AS asks,
       bound.target::text AS target
FROM bound LEFT JOIN LATERAL (
  SELECT * FROM agent_task_events e
  WHERE e.owner_id = %(owner_id)s AND e.xid >= pg_snapshot_xmin(%(base)s::pg_snapshot)
    AND NOT pg_visible_in_snapshot(e.xid, %(base)s::pg_snapshot) AND pg_visible_in_snapshot(e.xid, bound.target)
    AND (e.task_id, e.seq) > (%(after_task)s::uuid, %(after_seq)s::int)
    AND (%(task_ids)s::uuid[] IS NULL OR e.task_id = ANY(%(task_ids)s))
  ORDER BY e.task_id, e.seq LIMIT %(limit)s
) e ON true LEFT JOIN LATERAL (
  SELECT type, status, max_attempts, traceparent, result, awaits FROM agent_tasks WHERE id = e.task_id OFFSET 0
) t ON true
ORDER BY e.task_id, e.seq;

-- name: snapshot_now
-- Index: none; no table is read.
SELECT pg_current_snapshot()::text AS cursor, pg_snapshot_xmax(pg_current_snapshot())::text AS xmax;

-- name: first_unseen
-- Read where a reader without a cursor starts: before the newest event of its unfinished and just finished tasks, among its
-- newest 100 or those it names. Null: it has none. The bounds exclude nothing; Postgres expects few rows of a range that it cannot read.
-- Index: task_owner, read backwards; agent_task_events_pkey.
SELECT min(e.xid)::text AS xid FROM (
  SELECT id, seq, finished_at FROM agent_tasks
  WHERE owner_id = %(owner_id)s AND (%(task_ids)s::uuid[] IS NULL OR id = ANY(%(task_ids)s))
    AND id > '00000000-0000-0000-0000-000000000000' AND id < (SELECT 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
  ORDER BY id DESC LIMIT 100
) recent CROSS JOIN LATERAL (
  SELECT xid FROM agent_task_events WHERE task_id = recent.id AND seq = recent.seq OFFSET 0
) e
WHERE %(task_ids)s::uuid[] IS NOT NULL OR finished_at IS NULL OR finished_at > task_now() - interval '2 minutes';
