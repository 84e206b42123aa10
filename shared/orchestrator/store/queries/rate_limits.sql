-- name: take
-- Takes one from each bucket that has some left; answers the longest wait (s) for one that has not, null when all had.
-- A bucket holds `burst` and refills by one every `gap` seconds. Those of `unless_known` are left out for a known key.
-- Index: rate_limits_pkey.
WITH wanted AS (
  SELECT key, make_interval(secs => gap) AS gap, make_interval(secs => gap * burst) AS size
  FROM unnest(%(keys)s::text[], %(gaps)s::float8[], %(bursts)s::float8[], %(strangers)s::boolean[]) AS w (key, gap, burst, stranger)
  WHERE NOT (stranger AND EXISTS (SELECT FROM rate_limits known WHERE known.key = %(known)s AND known.full_at > task_now()))
), taken AS (
  INSERT INTO rate_limits AS held (key, full_at) SELECT key, task_now() + gap FROM wanted ORDER BY key
  ON CONFLICT (key) DO UPDATE SET full_at = greatest(held.full_at, task_now()) + (excluded.full_at - task_now())
  WHERE greatest(held.full_at, task_now()) + (excluded.full_at - task_now())
        <= task_now() + (SELECT size FROM wanted WHERE wanted.key = excluded.key)
  RETURNING key
)
SELECT max(extract(epoch FROM held.full_at + wanted.gap - wanted.size - task_now()))::float8 AS wait
FROM wanted JOIN rate_limits held USING (key) WHERE key NOT IN (SELECT key FROM taken);

-- name: forgive
-- Empties a bucket and remembers a place for so many days.
-- Index: rate_limits_pkey.
WITH emptied AS (DELETE FROM rate_limits WHERE key = %(key)s)
INSERT INTO rate_limits (key, full_at) VALUES (%(known)s, task_now() + make_interval(days => %(days)s))
ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at;

-- name: prune_limits
-- Index: rate_limit_age.
DELETE FROM rate_limits WHERE full_at < task_now();
