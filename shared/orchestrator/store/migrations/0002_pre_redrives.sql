-- Redrives that go in stages: one dead letter, a tenth, the rest, as long as none of them fails as before.
CREATE TABLE redrives (
  id           uuid PRIMARY KEY,
  created_at   timestamptz NOT NULL DEFAULT task_now(),
  updated_at   timestamptz NOT NULL DEFAULT task_now(),
  actor        text NOT NULL,
  state        text NOT NULL DEFAULT 'running',
  reason       text,                             -- why it stopped
  released     integer NOT NULL DEFAULT 0,       -- so many of task_ids were let go, the first ones
  rate         double precision,                 -- tasks a second; null: all at once
  task_ids     uuid[] NOT NULL,                  -- what was chosen, oldest dead letter first
  fingerprints text[] NOT NULL,                  -- how they had failed
  CONSTRAINT redrive_state_known CHECK (state IN ('running', 'stopped', 'done')),
  CONSTRAINT redrive_released_within CHECK (released BETWEEN 0 AND cardinality(task_ids))
);
CREATE INDEX redrive_running ON redrives (created_at) WHERE state = 'running';
CREATE INDEX redrive_newest ON redrives (created_at);
