-- The flag document as a function last read it from AppConfig, for a container that begins while AppConfig is away.
CREATE TABLE known_flags (
  single     boolean PRIMARY KEY DEFAULT true CHECK (single), -- one row
  document   jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT task_now()
);
GRANT SELECT ON known_flags TO orchestrator_api, orchestrator_worker;
GRANT SELECT, INSERT, UPDATE ON known_flags TO orchestrator_sweeper;
