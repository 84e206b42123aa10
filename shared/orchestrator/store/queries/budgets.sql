-- name: reserve_model_call
-- Reserve the estimated cost of a call in every budget that applies, fenced by the attempt's token.
-- Index: agent_tasks_pkey, agent_model_calls_pkey, agent_budgets_pkey, agent_spending_pkey, call_family, call_reserved.
SELECT verdict, scope, period, seconds FROM reserve_model_call(
  %(task_id)s, %(token)s, %(step)s, %(model)s, %(input_tokens)s, %(output_tokens)s);

-- name: record_paid_step
-- As record_step, for a call of a model: its reservation is settled with it. `crossed`: the budgets that reach 80 % with it.
-- Index: agent_tasks_pkey, agent_task_steps_pkey, agent_model_calls_pkey.
WITH task AS (
  UPDATE agent_tasks t SET seq = seq + 1, updated_at = task_now()
  WHERE id = %(task_id)s AND token = %(token)s AND status = 'processing'
    AND NOT EXISTS (SELECT FROM agent_task_steps s WHERE s.task_id = t.id AND s.name = %(name)s)
  RETURNING *
), paid AS MATERIALIZED (
  SELECT task.*, settle_model_call(id, %(name)s, %(input_tokens)s, %(output_tokens)s) AS settled FROM task
), step AS (
  INSERT INTO agent_task_steps (task_id, name, token, result, fault)
  SELECT id, %(name)s, token, %(result)s::jsonb, %(fault)s FROM paid
), event AS (
  INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)
  SELECT id, seq, attempts, 'step', status, owner_id, %(event)s::jsonb || (settled -> 'event') FROM paid
)
SELECT EXISTS (SELECT FROM socket_connections s WHERE s.owner_id = paid.owner_id AND s.subscribed) AS watched,
       settled -> 'crossed' AS crossed
FROM paid;

-- name: task_cost
-- Sum up the settled calls of a task.
-- Index: agent_model_calls_pkey.
SELECT coalesce(sum(cost), 0)::bigint AS micros, count(*) AS calls, coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
       coalesce(sum(output_tokens), 0)::bigint AS output_tokens
FROM agent_model_calls WHERE task_id = %(task_id)s AND settled_at IS NOT NULL;

-- name: list_budgets
-- Read all budgets with the use of their period; of a budget for each owner or agent, that of its largest spender.
-- Index: none for budgets, which are few; agent_spending_pkey; call_reserved.
SELECT b.scope, b.subject, b.period, b.amount, b.on_limit, b.version, spender.subject AS spender,
       coalesce(spender.settled, 0)::bigint AS settled, coalesce(spender.reserved, 0)::bigint AS reserved
FROM agent_budgets b LEFT JOIN LATERAL (
  SELECT s.subject, use.settled, use.reserved
  FROM (SELECT subject FROM agent_spending WHERE scope = b.scope AND day >= period_start(b.period) AND b.subject IN ('*', subject)
        GROUP BY subject ORDER BY sum(cost) DESC, subject LIMIT 1) s
  CROSS JOIN LATERAL budget_use(b.scope, s.subject, b.period, NULL, NULL, NULL) use
) spender ON b.scope <> 'task'
ORDER BY b.scope, b.subject, b.period;

-- name: put_budget
-- Create a budget, or change the `version` of it that the caller has read. No row: it was changed meanwhile.
-- Index: agent_budgets_pkey.
INSERT INTO agent_budgets AS b (scope, subject, period, amount, on_limit)
SELECT %(scope)s, %(subject)s, %(period)s, %(amount)s, %(on_limit)s
WHERE %(version)s = 0 OR EXISTS (SELECT FROM agent_budgets o WHERE o.scope = %(scope)s AND o.subject = %(subject)s AND o.period = %(period)s)
ON CONFLICT (scope, subject, period) DO UPDATE
SET amount = EXCLUDED.amount, on_limit = EXCLUDED.on_limit, version = b.version + 1 WHERE b.version = %(version)s
RETURNING version;

-- name: delete_budget
-- Delete the `version` of a budget that the caller has read.
-- Index: agent_budgets_pkey.
DELETE FROM agent_budgets WHERE scope = %(scope)s AND subject = %(subject)s AND period = %(period)s AND version = %(version)s;

-- name: prune_spending
-- Delete the sums of days that no period counts any more.
-- Index: spending_day.
DELETE FROM agent_spending WHERE day < (task_now() AT TIME ZONE 'UTC')::date - %(days)s::int;

-- name: list_prices
-- Index: agent_model_prices_pkey.
SELECT model, per_request, per_million_input, per_million_output FROM agent_model_prices ORDER BY model;

-- name: put_price
-- Index: agent_model_prices_pkey.
INSERT INTO agent_model_prices (model, per_request, per_million_input, per_million_output)
VALUES (%(model)s, %(per_request)s, %(per_million_input)s, %(per_million_output)s)
ON CONFLICT (model) DO UPDATE SET per_request = EXCLUDED.per_request, per_million_input = EXCLUDED.per_million_input,
                                  per_million_output = EXCLUDED.per_million_output;

-- name: count_over_budget
-- Count the tasks that wait for a budget.
-- Index: call_reserved, agent_tasks_pkey.
SELECT count(*) FROM agent_model_calls c JOIN agent_tasks t ON t.id = c.task_id
WHERE c.settled_at IS NULL AND c.waits_since IS NOT NULL AND t.status = 'pending' AND t.awaits LIKE 'budget:%%';

-- name: lock_budgets
-- Wait for the reservations that have begun; later ones see the change of the caller's transaction.
-- Index: none; budgets are few.
SELECT FROM agent_budgets ORDER BY scope, subject, period FOR UPDATE;

-- name: mark_waiting
-- Mark the tasks that wait for a budget, or are about to: one was changed.
-- Index: call_reserved.
UPDATE agent_model_calls SET waits_since = '-infinity' WHERE settled_at IS NULL AND waits_since > '-infinity';

-- name: wake_over_budget
-- Make a page of the marked tasks due: each asks again.
-- Index: call_reserved, agent_tasks_pkey.
WITH waiting AS (
  SELECT t.id FROM agent_model_calls c JOIN agent_tasks t ON t.id = c.task_id
  WHERE c.settled_at IS NULL AND c.waits_since = '-infinity' AND t.status = 'pending' AND t.awaits LIKE 'budget:%%'
  ORDER BY t.id LIMIT %(limit)s FOR UPDATE OF t SKIP LOCKED
)
UPDATE agent_tasks task
SET awaits = NULL, due_at = task_now(), wake_at = task_now() + {message_lost_after}, updated_at = task_now()
FROM waiting WHERE task.id = waiting.id
RETURNING task.id, task.owner_id, task.type, task.traceparent;

-- name: wake_marked
-- Make tasks due that have begun to wait in this transaction for a budget that was changed meanwhile.
-- The lock lets a later change wait for this commit.
-- Index: agent_model_calls_pkey, agent_tasks_pkey.
WITH call AS (
  SELECT task_id, waits_since FROM agent_model_calls
  WHERE task_id = ANY(%(ids)s) AND settled_at IS NULL AND waits_since IS NOT NULL ORDER BY task_id FOR UPDATE
)
UPDATE agent_tasks task
SET awaits = NULL, due_at = task_now(), wake_at = task_now() + {message_lost_after}, updated_at = task_now()
FROM call WHERE task.id = call.task_id AND call.waits_since = '-infinity' AND task.status = 'pending' AND task.awaits LIKE 'budget:%%'
RETURNING task.id, task.owner_id, task.type, task.traceparent;
