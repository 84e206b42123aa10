-- Unique tasks: one unfinished task of an owner, a type and a key. No statement of a task without a key knows of them: the end of a
-- task takes it out of the index.
ALTER TABLE agent_tasks ADD COLUMN unique_key text;
CREATE UNIQUE INDEX task_unique ON agent_tasks (owner_id, type, unique_key) WHERE unique_key IS NOT NULL AND finished_at IS NULL;
GRANT INSERT (unique_key), UPDATE (unique_key) ON agent_tasks TO orchestrator_api, orchestrator_worker;
GRANT UPDATE (unique_key) ON agent_tasks TO orchestrator_sweeper;
GRANT INSERT (unique_key) ON agent_tasks TO orchestrator_sweeper;
-- A submit with the key of a task that has not started gives that task its own payload and times.
GRANT UPDATE (payload, payload_version, max_attempts, ready_at, deadline_at, traceparent) ON agent_tasks TO orchestrator_api;
GRANT UPDATE (payload_version, max_attempts, traceparent), INSERT (idempotency_key, request_hash) ON agent_tasks TO orchestrator_worker;

-- The idempotency keys of submits that a unique task answered, so that their repeats get the same task. Kept as long as finished tasks.
CREATE TABLE agent_task_keys (
  owner_id        text NOT NULL,
  idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
  request_hash    bytea NOT NULL,
  task_id         uuid NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT task_now(),
  PRIMARY KEY (owner_id, idempotency_key)
);
CREATE INDEX key_retention ON agent_task_keys (created_at);
GRANT SELECT, INSERT (owner_id, idempotency_key, request_hash, task_id) ON agent_task_keys TO orchestrator_api;
GRANT SELECT, DELETE ON agent_task_keys TO orchestrator_worker, orchestrator_sweeper;

ALTER TABLE agent_task_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_keys ON agent_task_keys TO orchestrator_api USING (owner_id = acting_owner());
CREATE POLICY all_keys ON agent_task_keys TO orchestrator_operator, orchestrator_worker, orchestrator_sweeper USING (true);
