-- Recurring tasks. The sweeper inserts each run's task and moves next_at in one transaction.
CREATE TABLE agent_schedules (
  id              uuid PRIMARY KEY,
  owner_id        text NOT NULL CHECK (length(owner_id) BETWEEN 1 AND 200),
  name            text CHECK (length(name) BETWEEN 1 AND 100),  -- of a schedule that code declares; null for an owner's own
  type            text NOT NULL CHECK (length(type) BETWEEN 1 AND 100),
  payload         jsonb NOT NULL,
  payload_version smallint NOT NULL,
  max_attempts    smallint NOT NULL CHECK (max_attempts BETWEEN 1 AND 20),
  limited         boolean NOT NULL,
  deadline        double precision,                     -- seconds of each task's whole life
  cron            text CHECK (length(cron) BETWEEN 1 AND 100),
  every           integer CHECK (every BETWEEN 60 AND 31622400),  -- seconds
  time_zone       text NOT NULL,
  overlap         text NOT NULL CHECK (overlap IN ('allow', 'skip')),
  paused          boolean NOT NULL DEFAULT false,
  next_at         timestamptz NOT NULL,                 -- of the next run whose task is not there yet
  last_task_id    uuid,
  created_at      timestamptz NOT NULL DEFAULT task_now(),
  updated_at      timestamptz NOT NULL DEFAULT task_now(),
  CONSTRAINT schedule_has_one_rhythm CHECK ((cron IS NULL) <> (every IS NULL))
);
CREATE INDEX schedule_owner ON agent_schedules (owner_id, id);
CREATE INDEX schedule_next ON agent_schedules (next_at) WHERE NOT paused;
CREATE UNIQUE INDEX schedule_name ON agent_schedules (name) WHERE name IS NOT NULL;

GRANT SELECT, DELETE ON agent_schedules TO orchestrator_api;
GRANT INSERT (id, owner_id, type, payload, payload_version, max_attempts, limited, deadline, cron, every, time_zone, overlap, paused, next_at)
  ON agent_schedules TO orchestrator_api;
GRANT UPDATE (payload, payload_version, max_attempts, limited, deadline, cron, every, time_zone, overlap, paused, next_at, updated_at)
  ON agent_schedules TO orchestrator_api;
GRANT SELECT ON agent_schedules TO orchestrator_sweeper;
GRANT UPDATE (next_at, last_task_id) ON agent_schedules TO orchestrator_sweeper;
GRANT SELECT, DELETE ON agent_schedules TO orchestrator_worker;
GRANT INSERT (id, owner_id, type, payload, payload_version, max_attempts, limited, due_at, wake_at, ready_at, idempotency_key)
  ON agent_tasks TO orchestrator_sweeper;

ALTER TABLE agent_schedules ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_schedules ON agent_schedules TO orchestrator_api USING (owner_id = acting_owner());
CREATE POLICY all_schedules ON agent_schedules TO orchestrator_operator, orchestrator_sweeper, orchestrator_worker USING (true);
