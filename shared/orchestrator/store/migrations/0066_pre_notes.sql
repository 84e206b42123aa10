-- Notes of operators on a task. They end with the task: its retention, or the erasure of its owner.
CREATE TABLE agent_task_notes (
  task_id    uuid NOT NULL REFERENCES agent_tasks ON DELETE CASCADE,
  id         bigint GENERATED ALWAYS AS IDENTITY,
  created_at timestamptz NOT NULL DEFAULT task_now(),
  actor      text NOT NULL,
  text       text NOT NULL CHECK (length(text) BETWEEN 1 AND 1000),
  PRIMARY KEY (task_id, id)
);
GRANT SELECT, INSERT (task_id, actor, text) ON agent_task_notes TO orchestrator_operator;
