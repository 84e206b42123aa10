-- name: take
-- Take from every bucket, or from none when one has too few tokens. Return the longest wait in seconds (null: all had them), the
-- seconds until each bucket is full, and whether the client `known` is remembered. A bucket is stored as the time at which it is
-- full again: taking adds `cost` to it, at most up to `size` from now.
-- Index: rate_limits_pkey.
WITH wanted AS (
  SELECT key, make_interval(secs => cost) AS cost, make_interval(secs => size) AS size
  FROM unnest(%(keys)s::text[], %(costs)s::float8[], %(sizes)s::float8[]) AS w (key, cost, size)
), short AS (
  SELECT max(greatest(stored.full_at, task_now()) + cost - size - task_now()) AS wait
  FROM wanted LEFT JOIN rate_limits stored USING (key) WHERE greatest(stored.full_at, task_now()) + cost > task_now() + size
), taken AS (
  INSERT INTO rate_limits AS stored (key, full_at)
  SELECT key, task_now() + cost FROM wanted WHERE (SELECT wait FROM short) IS NULL ORDER BY key
  ON CONFLICT (key) DO UPDATE SET full_at = greatest(stored.full_at, task_now()) + (excluded.full_at - task_now())
  WHERE greatest(stored.full_at, task_now()) + (excluded.full_at - task_now())
        <= task_now() + (SELECT size FROM wanted WHERE wanted.key = excluded.key) -- another may have come between
  RETURNING key, full_at
)
SELECT extract(epoch FROM coalesce(
         (SELECT wait FROM short), (SELECT max(cost) FROM wanted WHERE key NOT IN (SELECT key FROM taken))))::float8 AS wait,
       (SELECT coalesce(jsonb_object_agg(key, extract(epoch FROM full_at - task_now())), '{}') FROM taken) AS levels,
       EXISTS (SELECT FROM rate_limits WHERE key = %(known)s AND full_at > task_now()) AS known;

-- name: give_back
-- Index: rate_limits_pkey.
UPDATE rate_limits SET full_at = full_at - make_interval(secs => cost)
FROM unnest(%(keys)s::text[], %(costs)s::float8[]) AS w (given, cost) WHERE key = given;

-- name: refill
-- Fill buckets, and remember a client for so many days.
-- Index: rate_limits_pkey.
WITH filled AS (DELETE FROM rate_limits WHERE key = ANY(%(keys)s))
INSERT INTO rate_limits (key, full_at) VALUES (%(known)s, task_now() + make_interval(days => %(days)s))
ON CONFLICT (key) DO UPDATE SET full_at = excluded.full_at;

-- name: prune_limits
-- Index: rate_limit_age.
DELETE FROM rate_limits WHERE full_at < task_now();
