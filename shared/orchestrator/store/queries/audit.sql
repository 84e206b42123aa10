-- name: record_action
-- Index: none read; operator_actions is appended to.
INSERT INTO operator_actions (actor, action, detail) VALUES (%(actor)s, %(action)s, %(detail)s::jsonb);

-- name: list_actions
-- Read the entries, newest first; of one actor (by name, or with the id behind it) or of one action where these are given.
-- Index: operator_actions_pkey, backwards; operators' actions are few enough to be filtered.
SELECT id, created_at, actor, action, detail FROM operator_actions
WHERE id < coalesce(%(before)s::bigint, 9223372036854775807)
  AND (%(actor)s::text IS NULL OR actor = %(actor)s OR starts_with(actor, %(actor)s || ' ('))
  AND (%(action)s::text IS NULL OR action = %(action)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: last_flag_changes
-- Read the last operator and time of change of each of these flags.
-- Index: action_flag, its last row for each.
SELECT flag.name, last.actor, last.created_at FROM unnest(%(flags)s::text[]) AS flag (name) CROSS JOIN LATERAL (
  SELECT actor, created_at FROM operator_actions
  WHERE action = 'flag' AND detail ->> 'step' = 'done' AND detail ->> 'flag' = flag.name ORDER BY id DESC LIMIT 1
) last;
