-- name: add_note
-- Index: agent_task_notes_pkey.
INSERT INTO agent_task_notes (task_id, actor, text)
SELECT %(task_id)s, %(actor)s, %(text)s
WHERE (SELECT count(*) FROM agent_task_notes WHERE task_id = %(task_id)s) < %(most)s
RETURNING id, created_at, actor, text;

-- name: list_notes
-- Index: agent_task_notes_pkey.
SELECT id, created_at, actor, text FROM agent_task_notes WHERE task_id = %(task_id)s ORDER BY id;
