-- Who may do what, whatever a query says: a role for each function, and row-level security as the second lock behind the
-- owner in every query. The tables' owner, who only migrates, is not bound by it.

-- Roles belong to the whole server: another database, or another stack on it, may have made them already.
DO $$
DECLARE part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['api', 'operator', 'worker', 'websocket', 'push', 'sweeper'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', 'orchestrator_' || part);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

-- An operator is the API on behalf of an operator: what the API may, and more. The API takes the role for one transaction.
DO $$
BEGIN
  GRANT orchestrator_api TO orchestrator_operator;
EXCEPTION WHEN unique_violation THEN NULL; -- the same grant, made by another at this moment
END $$;

-- Whose rows this transaction is for: SET LOCAL orchestrator.owner. Null or empty: nobody's.
CREATE FUNCTION acting_owner() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('orchestrator.owner', true) $$;

GRANT SELECT, INSERT, UPDATE ON agent_tasks, agent_task_events TO orchestrator_worker;
GRANT DELETE ON agent_tasks TO orchestrator_worker; -- who wishes to be forgotten
GRANT SELECT, INSERT ON agent_task_steps TO orchestrator_worker;
GRANT SELECT, DELETE ON socket_tickets, socket_connections TO orchestrator_worker;
GRANT USAGE ON SEQUENCE attempt_token TO orchestrator_worker;

-- Of a task's columns, those that cancelling it and waking its parent change: never its owner, payload or result.
GRANT SELECT, INSERT ON agent_tasks, agent_task_events TO orchestrator_api;
GRANT UPDATE (status, due_at, wake_at, finished_at, updated_at, seq, token, leased_until, leased_by, waiting_for, awaits, parked_by,
              limited) ON agent_tasks TO orchestrator_api;
GRANT INSERT ON socket_tickets TO orchestrator_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits TO orchestrator_api;

GRANT UPDATE (attempts, resends, dead_at) ON agent_tasks TO orchestrator_operator;
GRANT SELECT ON socket_connections TO orchestrator_operator;
GRANT SELECT, INSERT ON operator_actions TO orchestrator_operator;
GRANT SELECT, INSERT, UPDATE ON redrives TO orchestrator_operator;

GRANT SELECT ON agent_tasks, agent_task_events TO orchestrator_websocket, orchestrator_push;
GRANT SELECT, DELETE ON socket_tickets TO orchestrator_websocket;
GRANT SELECT, INSERT, UPDATE, DELETE ON socket_connections TO orchestrator_websocket;
GRANT SELECT, UPDATE, DELETE ON socket_connections TO orchestrator_push;

GRANT SELECT, DELETE ON agent_tasks TO orchestrator_sweeper;
GRANT UPDATE (status, due_at, wake_at, finished_at, dead_at, updated_at, seq, token, leased_until, leased_by, alone, suspect, attempts,
              resends, waiting_for, awaits, parked_by, error) ON agent_tasks TO orchestrator_sweeper;
GRANT SELECT, INSERT ON agent_task_events TO orchestrator_sweeper;
GRANT SELECT, DELETE ON socket_tickets, socket_connections, rate_limits TO orchestrator_sweeper;
GRANT SELECT, UPDATE ON redrives TO orchestrator_sweeper;
GRANT INSERT ON operator_actions TO orchestrator_sweeper;

-- The engine's own parts work for everybody; what faces a person sees that person's rows.
ALTER TABLE agent_tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tasks ON agent_tasks TO orchestrator_api, orchestrator_websocket, orchestrator_push
  USING (owner_id = acting_owner());
CREATE POLICY all_tasks ON agent_tasks TO orchestrator_worker, orchestrator_sweeper, orchestrator_operator USING (true);

ALTER TABLE agent_task_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_events ON agent_task_events TO orchestrator_api, orchestrator_websocket, orchestrator_push
  USING (owner_id = acting_owner());
CREATE POLICY all_events ON agent_task_events TO orchestrator_worker, orchestrator_sweeper, orchestrator_operator USING (true);

-- A ticket is made for its owner; who spends it knows its hash, not yet an owner.
ALTER TABLE socket_tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tickets ON socket_tickets TO orchestrator_api USING (owner_id = acting_owner());
CREATE POLICY all_tickets ON socket_tickets TO orchestrator_websocket, orchestrator_worker, orchestrator_sweeper USING (true);
