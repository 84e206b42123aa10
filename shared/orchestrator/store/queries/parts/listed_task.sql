-- The columns of a task in a list: no payload, and no part that one row could make a list too large with.
id, owner_id, type, status, attempts, max_attempts, seq, due_at, created_at, updated_at, finished_at, parent_id, traceparent, flags,
awaits, waiting_for, deadline_at,
CASE WHEN octet_length(result::text) <= 16384 THEN result END AS result,
coalesce(octet_length(result::text) > 16384, false) AS result_truncated,
-- include: bounded_progress
AS progress,
-- include: bounded_error
AS error
