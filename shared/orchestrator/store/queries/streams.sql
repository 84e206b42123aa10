-- name: begin_stream
-- Start the next generation of a stream with its first text, fenced by the attempt's token; the text of the generation before
-- is deleted. No row: the lease is lost.
-- Index: agent_tasks_pkey, agent_task_chunks_pkey.
WITH task AS (
  UPDATE agent_tasks SET seq = seq + 1, updated_at = task_now()
  WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
  RETURNING *
), old AS (
  DELETE FROM agent_task_chunks c USING task WHERE c.task_id = task.id AND c.stream = %(stream)s RETURNING generation
), chunk AS (
  INSERT INTO agent_task_chunks (task_id, stream, generation, start, owner_id, text)
  SELECT id, %(stream)s, coalesce((SELECT max(generation) FROM old), 0) + 1, 0, owner_id, %(text)s FROM task
  RETURNING generation
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'stream', status, owner_id, jsonb_build_object(
    'stream', %(stream)s::text, 'generation', generation, 'offset', 0, 'length', length(%(text)s::text), 'done', false)
  FROM task, chunk
)
SELECT generation, EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = task.owner_id AND s.subscribed) AS watched
FROM task, chunk;

-- name: append_chunk
-- Add text to a stream's generation, fenced by the attempt's token. No row: the lease is lost.
-- Index: agent_tasks_pkey.
WITH task AS (
  UPDATE agent_tasks SET seq = seq + 1, updated_at = task_now()
  WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
  RETURNING *
), chunk AS (
  INSERT INTO agent_task_chunks (task_id, stream, generation, start, owner_id, text)
  SELECT id, %(stream)s, %(generation)s, %(start)s, owner_id, %(text)s FROM task
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'stream', status, owner_id, jsonb_build_object(
    'stream', %(stream)s::text, 'generation', %(generation)s::int, 'offset', %(start)s::int, 'length', length(%(text)s::text),
    'done', false)
  FROM task
)
SELECT EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = task.owner_id AND s.subscribed) AS watched FROM task;

-- name: end_stream
-- Add the last text of a stream's generation and make one row of its chunks, fenced by the attempt's token. No row: the lease is
-- lost.
-- Index: agent_tasks_pkey, agent_task_chunks_pkey.
WITH task AS (
  UPDATE agent_tasks SET seq = seq + 1, updated_at = task_now()
  WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
  RETURNING *
), rest AS (
  DELETE FROM agent_task_chunks c USING task
  WHERE c.task_id = task.id AND c.stream = %(stream)s AND c.generation = %(generation)s AND c.start > 0
  RETURNING c.start, c.text
), whole AS (
  UPDATE agent_task_chunks c
  SET text = c.text || coalesce((SELECT string_agg(rest.text, '' ORDER BY rest.start) FROM rest), '') || %(text)s::text, done = true
  FROM task WHERE c.task_id = task.id AND c.stream = %(stream)s AND c.generation = %(generation)s AND c.start = 0
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'stream', status, owner_id, jsonb_build_object(
    'stream', %(stream)s::text, 'generation', %(generation)s::int, 'offset', %(start)s::int, 'length', length(%(text)s::text),
    'done', true)
  FROM task
)
SELECT EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = task.owner_id AND s.subscribed) AS watched FROM task;

-- name: read_stream
-- Read the text of an owner's stream after so many characters. There is one generation at a time.
-- Index: agent_task_chunks_pkey.
SELECT generation, substr(string_agg(text, '' ORDER BY start), %(after)s::int + 1) AS text, bool_or(done) AS done
FROM agent_task_chunks
WHERE task_id = %(task_id)s AND stream = %(stream)s AND owner_id = %(owner_id)s
GROUP BY generation;
