-- Budgets: what calls of language models may cost. Amounts are integers: millionths of the currency.
CREATE TABLE agent_model_prices (
  model              text PRIMARY KEY CHECK (length(model) BETWEEN 1 AND 200),
  per_request        bigint NOT NULL CHECK (per_request BETWEEN 0 AND 1000000000000),
  per_million_input  bigint NOT NULL CHECK (per_million_input BETWEEN 0 AND 1000000000000),
  per_million_output bigint NOT NULL CHECK (per_million_output BETWEEN 0 AND 1000000000000)
);

CREATE TABLE agent_budgets (
  scope    text NOT NULL CHECK (scope IN ('agent', 'owner', 'stack', 'task')),
  subject  text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200), -- a type or an owner; * for each without its own
  period   text NOT NULL CHECK (period IN ('day', 'month', 'life')),
  amount   bigint NOT NULL CHECK (amount BETWEEN 0 AND 1000000000000000),
  on_limit text NOT NULL CHECK (on_limit IN ('refuse', 'wait')),
  version  integer NOT NULL DEFAULT 1,
  PRIMARY KEY (scope, subject, period),
  CONSTRAINT budget_of_a_family CHECK ((scope = 'task') = (period = 'life')),
  CONSTRAINT budget_of_all CHECK (scope IN ('agent', 'owner') OR subject = '*')
);

-- The ledger: one row for each call. It is a reservation of its attempt until the step is recorded.
CREATE TABLE agent_model_calls (
  task_id       uuid NOT NULL REFERENCES agent_tasks ON DELETE CASCADE,
  step          text NOT NULL,
  root_id       uuid NOT NULL,               -- the first task of its family
  owner_id      text NOT NULL,
  type          text NOT NULL,
  model         text NOT NULL,
  token         bigint NOT NULL,             -- of the attempt; a reservation whose token is gone is void
  cost          bigint NOT NULL,             -- an estimate until it is settled
  input_tokens  bigint,
  output_tokens bigint,
  settled_at    timestamptz,
  waits_since   timestamptz,                 -- the task waits for a budget; -infinity: one was changed since
  PRIMARY KEY (task_id, step)
);
CREATE INDEX call_family ON agent_model_calls (root_id);
CREATE INDEX call_reserved ON agent_model_calls (task_id) WHERE settled_at IS NULL;

-- The settled cost of each day (UTC), so that no limit needs a sum over calls.
CREATE TABLE agent_spending (
  scope   text NOT NULL,
  subject text NOT NULL,
  day     date NOT NULL,
  cost    bigint NOT NULL,
  PRIMARY KEY (scope, subject, day)
);

CREATE INDEX spending_day ON agent_spending (day);

CREATE FUNCTION model_cost(name text, input bigint, output bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT per_request + ceil((input::numeric * per_million_input + output::numeric * per_million_output) / 1000000)::bigint
  FROM agent_model_prices WHERE model = name
$$;

CREATE FUNCTION period_start(period text) RETURNS date
LANGUAGE sql STABLE AS $$
  SELECT date_trunc(CASE period WHEN 'month' THEN 'month' ELSE 'day' END, task_now() AT TIME ZONE 'UTC')::date
$$;

CREATE FUNCTION family_root(task uuid) RETURNS uuid
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE up AS (
    SELECT id, parent_id FROM agent_tasks WHERE id = task
    UNION ALL
    SELECT t.id, t.parent_id FROM up JOIN agent_tasks t ON t.id = up.parent_id
  )
  SELECT id FROM up ORDER BY parent_id NULLS FIRST LIMIT 1
$$;

-- The settled and the reserved cost of one subject in the current period, from one snapshot. `apart` is the call that asks.
CREATE FUNCTION budget_use(of_scope text, of_subject text, of_period text, root uuid, apart_task uuid, apart_step text)
RETURNS TABLE (settled bigint, reserved bigint)
LANGUAGE sql STABLE AS $$
  SELECT CASE of_scope
           WHEN 'task' THEN (SELECT coalesce(sum(c.cost), 0) FROM agent_model_calls c WHERE c.root_id = root AND c.settled_at IS NOT NULL)
           ELSE (SELECT coalesce(sum(s.cost), 0) FROM agent_spending s
                 WHERE s.scope = of_scope AND s.subject = of_subject AND s.day >= period_start(of_period)) END::bigint,
         (SELECT coalesce(sum(c.cost), 0) FROM agent_model_calls c
          JOIN agent_tasks t ON t.id = c.task_id AND t.token = c.token AND t.status = 'processing'
          WHERE c.settled_at IS NULL AND NOT (c.task_id = apart_task AND c.step = apart_step)
            AND CASE of_scope WHEN 'task' THEN c.root_id = root WHEN 'agent' THEN c.type = of_subject
                              WHEN 'owner' THEN c.owner_id = of_subject ELSE true END)::bigint
$$;

-- Reserve the estimate of a call in every budget that applies, or in none. The locks of the budgets put callers in order;
-- each statement below reads what the callers before have committed.
CREATE FUNCTION reserve_model_call(task uuid, attempt bigint, of_step text, of_model text, input bigint, output bigint)
RETURNS TABLE (verdict text, scope text, period text, seconds float8)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  run agent_tasks;
  root uuid := family_root(task);
  estimate bigint := model_cost(of_model, input, output);
  budget agent_budgets;
  used record;
  subject_of text;
BEGIN
  SELECT * INTO run FROM agent_tasks t WHERE t.id = task AND t.token = attempt AND t.status = 'processing';
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'lost', NULL::text, NULL::text, NULL::float8;
    RETURN;
  END IF;
  DELETE FROM agent_model_calls c WHERE c.task_id = task AND c.settled_at IS NULL AND c.token <> attempt; -- void
  FOR budget IN
    SELECT b.* FROM agent_budgets b
    WHERE (b.scope, b.subject) IN (('stack', '*'), ('task', '*'), ('agent', run.type), ('agent', '*'), ('owner', run.owner_id), ('owner', '*'))
    ORDER BY b.scope, b.subject, b.period FOR UPDATE
  LOOP
    subject_of := CASE budget.scope WHEN 'agent' THEN run.type WHEN 'owner' THEN run.owner_id ELSE '*' END;
    CONTINUE WHEN budget.subject <> subject_of AND EXISTS (
      SELECT FROM agent_budgets b WHERE b.scope = budget.scope AND b.subject = subject_of AND b.period = budget.period);
    IF estimate IS NULL THEN
      RETURN QUERY SELECT 'unpriced', budget.scope, budget.period, NULL::float8;
      RETURN;
    END IF;
    SELECT * INTO used FROM budget_use(budget.scope, subject_of, budget.period, root, task, of_step);
    CONTINUE WHEN used.settled + used.reserved + estimate <= budget.amount;
    IF used.settled + estimate > budget.amount AND budget.on_limit = 'refuse' THEN
      RETURN QUERY SELECT 'refuse', budget.scope, budget.period, NULL::float8;
      RETURN;
    END IF;
    INSERT INTO agent_model_calls AS c (task_id, step, root_id, owner_id, type, model, token, cost, waits_since)
    VALUES (task, of_step, root, run.owner_id, run.type, of_model, attempt, 0, task_now())
    ON CONFLICT (task_id, step) DO UPDATE SET token = attempt, cost = 0, waits_since = task_now() WHERE c.settled_at IS NULL;
    RETURN QUERY SELECT 'wait', budget.scope, budget.period,
      CASE WHEN used.settled + estimate <= budget.amount THEN 10.0 -- only reservations are in the way
           WHEN budget.period = 'day' THEN extract(epoch FROM (period_start('day') + 1) - (task_now() AT TIME ZONE 'UTC'))
           WHEN budget.period = 'month' THEN extract(epoch FROM (period_start('month') + interval '1 month') - (task_now() AT TIME ZONE 'UTC'))
      END::float8;
    RETURN;
  END LOOP;
  INSERT INTO agent_model_calls AS c (task_id, step, root_id, owner_id, type, model, token, cost)
  VALUES (task, of_step, root, run.owner_id, run.type, of_model, attempt, coalesce(estimate, 0))
  ON CONFLICT (task_id, step) DO UPDATE SET token = attempt, model = of_model, cost = EXCLUDED.cost, waits_since = NULL
  WHERE c.settled_at IS NULL;
  RETURN QUERY SELECT 'reserved', NULL::text, NULL::text, NULL::float8;
END $$;

-- Turn a reservation into the cost of the call; return the data of the step's event and the budgets that reach 80 % with it.
CREATE FUNCTION settle_model_call(task uuid, of_step text, input bigint, output bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  call agent_model_calls;
  crossed text[];
BEGIN
  UPDATE agent_model_calls c
  SET cost = coalesce(model_cost(c.model, input, output), 0), input_tokens = input, output_tokens = output, settled_at = task_now()
  WHERE c.task_id = task AND c.step = of_step AND c.settled_at IS NULL RETURNING * INTO call;
  IF NOT FOUND THEN
    RETURN '{"event": {}, "crossed": []}';
  END IF;
  INSERT INTO agent_spending AS s (scope, subject, day, cost)
  SELECT part.scope, part.subject, period_start('day'), call.cost
  FROM (VALUES ('agent', call.type), ('owner', call.owner_id), ('stack', '*')) AS part (scope, subject) ORDER BY part.scope
  ON CONFLICT (scope, subject, day) DO UPDATE SET cost = s.cost + EXCLUDED.cost;
  SELECT coalesce(array_agg(b.scope || ':' || b.period ORDER BY b.scope, b.period), '{}') INTO crossed
  FROM agent_budgets b
  CROSS JOIN LATERAL (SELECT CASE b.scope WHEN 'agent' THEN call.type WHEN 'owner' THEN call.owner_id ELSE '*' END AS name) subject
  CROSS JOIN LATERAL budget_use(b.scope, subject.name, b.period, call.root_id, call.task_id, call.step) used
  WHERE (b.subject = subject.name
         OR (b.subject = '*' AND NOT EXISTS (SELECT FROM agent_budgets own WHERE own.scope = b.scope AND own.subject = subject.name AND own.period = b.period)))
    AND used.settled * 10 >= b.amount * 8 AND (used.settled - call.cost) * 10 < b.amount * 8;
  RETURN jsonb_build_object('event', jsonb_build_object('cost', call.cost, 'inputTokens', input, 'outputTokens', output),
                            'crossed', to_jsonb(crossed));
END $$;

GRANT SELECT ON agent_model_prices TO orchestrator_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_model_prices TO orchestrator_operator;
GRANT SELECT, UPDATE (version), DELETE ON agent_budgets TO orchestrator_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_budgets TO orchestrator_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_model_calls TO orchestrator_worker;
GRANT SELECT ON agent_model_calls TO orchestrator_api, orchestrator_operator;
GRANT UPDATE (waits_since) ON agent_model_calls TO orchestrator_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_spending TO orchestrator_worker;
GRANT SELECT ON agent_spending TO orchestrator_operator;
GRANT SELECT (day), DELETE ON agent_spending TO orchestrator_sweeper;

ALTER TABLE agent_model_calls ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_calls ON agent_model_calls TO orchestrator_api USING (owner_id = acting_owner());
CREATE POLICY all_calls ON agent_model_calls TO orchestrator_operator, orchestrator_worker USING (true);
ALTER TABLE agent_spending ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_spending ON agent_spending TO orchestrator_operator, orchestrator_worker, orchestrator_sweeper USING (true);
ALTER TABLE agent_budgets ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_budgets ON agent_budgets TO orchestrator_operator, orchestrator_worker USING (true);
