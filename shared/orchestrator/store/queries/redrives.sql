-- name: insert_redrive
-- Begins a staged redrive.
INSERT INTO redrives (id, actor, rate, task_ids, fingerprints)
VALUES (%(id)s, %(actor)s, %(rate)s, %(task_ids)s::uuid[], %(fingerprints)s::text[]);

-- name: running_redrives
-- Index: redrive_running.
SELECT id FROM redrives WHERE state = 'running' ORDER BY created_at;

-- name: newest_redrives
-- Index: redrive_newest, backwards.
SELECT * FROM redrives ORDER BY created_at DESC LIMIT %(limit)s;

-- name: get_redrive
-- Index: redrives_pkey.
SELECT * FROM redrives WHERE id = %(id)s;

-- name: lock_redrive
-- One advance at a time; another finds nothing.
-- Index: redrives_pkey.
SELECT * FROM redrives WHERE id = %(id)s AND state = 'running' FOR UPDATE SKIP LOCKED;

-- name: outcome_so_far
-- How the tasks let go are doing: how many are not over yet, and the failure one of them repeated since.
-- Index: agent_tasks_pkey, agent_task_events_pkey.
SELECT (SELECT count(*) FROM agent_tasks WHERE id = ANY(%(ids)s) AND status IN ('pending', 'processing')) AS open,
       (SELECT coalesce(e.data -> 'error' ->> 'fingerprint', 'unknown') FROM agent_task_events e
        WHERE e.task_id = ANY(%(ids)s) AND e.kind IN ('retrying', 'dead-letter', 'lease-lost')
          AND (e.data -> 'error' ->> 'fingerprint' = ANY(%(fingerprints)s) OR e.status = 'dead-letter')
          AND e.seq > (SELECT max(r.seq) FROM agent_task_events r WHERE r.task_id = e.task_id AND r.kind = 'redriven')
        LIMIT 1) AS failed_as;

-- name: note_released
-- Index: redrives_pkey.
UPDATE redrives SET released = %(released)s, updated_at = task_now() WHERE id = %(id)s;

-- name: end_redrive
-- Index: redrives_pkey.
UPDATE redrives SET state = %(state)s, reason = %(reason)s, updated_at = task_now() WHERE id = %(id)s AND state = 'running' RETURNING *;
