-- name: save_flags
-- Write only changed values.
-- Index: known_flags_pkey.
INSERT INTO known_flags AS known (document) VALUES (%(document)s::jsonb)
ON CONFLICT (single) DO UPDATE SET document = excluded.document, changed_at = excluded.changed_at
WHERE known.document IS DISTINCT FROM excluded.document;

-- name: load_flags
-- Index: known_flags_pkey.
SELECT document FROM known_flags;
