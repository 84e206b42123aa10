-- Sessions that end before their time: by signing out, or all of them by a revocation of the keys. And an audit trail in
-- which nobody signs as another.

ALTER TABLE socket_tickets ADD COLUMN session text, ADD COLUMN issued_at timestamptz NOT NULL DEFAULT task_now();
ALTER TABLE socket_connections ADD COLUMN session text;           -- id of the token it came from; null: it had none
CREATE INDEX ticket_owner ON socket_tickets (owner_id);

-- Since when no token of before is good: containers may take one for a little longer.
CREATE TABLE revocation (
  single     boolean PRIMARY KEY DEFAULT true CHECK (single),    -- one row
  revoked_at timestamptz NOT NULL
);
GRANT SELECT ON revocation TO orchestrator_api, orchestrator_websocket;
GRANT INSERT, UPDATE ON revocation TO orchestrator_operator;

GRANT SELECT (owner_id, session), DELETE ON socket_tickets TO orchestrator_api;
GRANT SELECT (owner_id, session, expires_at), UPDATE (expires_at) ON socket_connections TO orchestrator_api;

ALTER TABLE socket_connections ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_connections ON socket_connections TO orchestrator_api USING (owner_id = acting_owner());
CREATE POLICY all_connections ON socket_connections
  TO orchestrator_websocket, orchestrator_push, orchestrator_worker, orchestrator_sweeper, orchestrator_operator USING (true);
CREATE POLICY every_ticket ON socket_tickets TO orchestrator_operator USING (true);

-- When something was done, and in which order, is the database's to say; the sweeper acts as a redrive's canary alone.
REVOKE INSERT ON operator_actions FROM orchestrator_operator, orchestrator_sweeper;
GRANT INSERT (actor, action, detail) ON operator_actions TO orchestrator_operator, orchestrator_sweeper;
ALTER TABLE operator_actions ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_operators ON operator_actions FOR SELECT TO orchestrator_operator USING (true);
CREATE POLICY done_by_operators ON operator_actions FOR INSERT TO orchestrator_operator WITH CHECK (true);
CREATE POLICY done_by_the_canary ON operator_actions FOR INSERT TO orchestrator_sweeper WITH CHECK (actor = 'canary' AND action = 'stop');
