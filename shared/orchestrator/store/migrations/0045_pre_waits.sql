-- Waits of tasks for a signal or an approval, and signals that were sent before their task waits.
CREATE TABLE agent_waits (
  task_id     uuid NOT NULL REFERENCES agent_tasks ON DELETE CASCADE,
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 150),
  owner_id    text NOT NULL,                       -- of the task
  kind        text NOT NULL DEFAULT 'signal' CHECK (kind IN ('signal', 'approval')),
  began_at    timestamptz,                         -- null: the signal came first, or the task has never waited
  until       timestamptz,                         -- when the wait expires
  asked       text[] NOT NULL DEFAULT '{}',        -- owners that may answer
  operators   boolean NOT NULL DEFAULT false,      -- whether operators may answer
  schema      jsonb,                               -- of the value
  model       text,                                -- the class that checks the value: module:name
  shown       jsonb,
  digest      text,                                -- of what was shown
  version     text,                                -- of the code that asked
  token       text,                                -- the answer token, good for the first answer
  value       jsonb,
  answered_at timestamptz,
  answered_by text,
  used_at     timestamptz,                         -- when the handler first acted on the decision
  PRIMARY KEY (task_id, name),
  CONSTRAINT wait_is_answered_whole CHECK ((answered_at IS NULL) = (value IS NULL))
);
CREATE INDEX wait_asked ON agent_waits USING gin (asked) WITH (fastupdate = off);
CREATE INDEX wait_for_operators ON agent_waits (began_at) WHERE operators AND kind = 'approval' AND answered_at IS NULL;
CREATE INDEX wait_answered_by ON agent_waits (answered_by) WHERE answered_by IS NOT NULL;

GRANT SELECT, DELETE ON agent_waits TO orchestrator_api;
GRANT INSERT (task_id, name, owner_id, value, answered_at, answered_by) ON agent_waits TO orchestrator_api, orchestrator_worker;
GRANT UPDATE (value, answered_at, answered_by) ON agent_waits TO orchestrator_api;
GRANT SELECT, UPDATE, DELETE ON agent_waits TO orchestrator_worker;
GRANT INSERT (kind, began_at, until, asked, operators, schema, model, shown, digest, version, token) ON agent_waits TO orchestrator_worker;
GRANT SELECT ON agent_waits TO orchestrator_websocket, orchestrator_push;

-- The bearer of an answer token has no row of its own but the wait that the token is for.
ALTER TABLE agent_waits ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_waits ON agent_waits TO orchestrator_api, orchestrator_websocket, orchestrator_push
  USING (owner_id = acting_owner());
CREATE POLICY asked_waits ON agent_waits FOR SELECT TO orchestrator_api
  USING (acting_owner() = ANY (asked) OR token = nullif(current_setting('orchestrator.answer', true), ''));
CREATE POLICY all_waits ON agent_waits TO orchestrator_operator, orchestrator_worker USING (true);

-- As before; a task that sleeps or waits for an answer waits, too.
CREATE OR REPLACE VIEW live_tasks WITH (security_invoker = true) AS
SELECT id, owner_id, type, status, traceparent, attempts, error, due_at, dead_at, updated_at, started_at, leased_by,
       CASE WHEN dead_at IS NOT NULL THEN 'dead'
            WHEN status = 'processing' THEN 'processing'
            WHEN parked_by IS NOT NULL THEN 'parked'
            WHEN due_at <= task_now() THEN 'due'
            WHEN waiting_for IS NOT NULL OR awaits IS NOT NULL THEN 'waiting'
            WHEN attempts > 0 AND error IS NOT NULL THEN 'retrying'
            ELSE 'scheduled' END AS state
FROM agent_tasks
WHERE wake_at IS NOT NULL OR parked_by IS NOT NULL OR dead_at IS NOT NULL OR waiting_for IS NOT NULL;
