-- Streams: the text that a running attempt writes piece by piece. A stream that has ended is one row.
CREATE TABLE agent_task_chunks (
  task_id    uuid NOT NULL REFERENCES agent_tasks ON DELETE CASCADE,
  stream     text NOT NULL CHECK (length(stream) BETWEEN 1 AND 200),
  generation integer NOT NULL,                -- a later attempt that writes the stream again starts the next one
  start      integer NOT NULL,                -- characters before it
  owner_id   text NOT NULL,
  text       text NOT NULL,
  done       boolean NOT NULL DEFAULT false,
  PRIMARY KEY (task_id, stream, generation, start)
);
GRANT SELECT, INSERT (task_id, stream, generation, start, owner_id, text), UPDATE (text, done), DELETE
  ON agent_task_chunks TO orchestrator_worker;
GRANT SELECT ON agent_task_chunks TO orchestrator_api, orchestrator_websocket, orchestrator_push;
ALTER TABLE agent_task_chunks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_chunks ON agent_task_chunks TO orchestrator_api, orchestrator_websocket, orchestrator_push
  USING (owner_id = acting_owner());
CREATE POLICY all_chunks ON agent_task_chunks TO orchestrator_worker USING (true);
