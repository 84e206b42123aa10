-- What operators' figures are read from.

-- Neither is in an index, so a claim stays a heap-only update.
ALTER TABLE agent_tasks
  ADD COLUMN ready_at   timestamptz,             -- could have run first: at its submit, its schedule, its redrive, its unparking
  ADD COLUMN started_at timestamptz;             -- the running or last attempt was claimed

-- A parent that waits without a deadline has no wake_at, and would be in no index of what lives.
CREATE INDEX task_waiting ON agent_tasks (id) WHERE waiting_for IS NOT NULL;

-- What is not over, by what it waits for: the one place that says what each word means.
-- Index: task_wake, task_parked, task_dead and task_waiting together; it costs what is live, not what is stored.
CREATE VIEW live_tasks WITH (security_invoker = true) AS
SELECT id, owner_id, type, status, traceparent, attempts, error, due_at, dead_at, updated_at, started_at, leased_by,
       CASE WHEN dead_at IS NOT NULL THEN 'dead'
            WHEN status = 'processing' THEN 'processing'
            WHEN parked_by IS NOT NULL THEN 'parked'
            WHEN due_at <= task_now() THEN 'due'
            WHEN waiting_for IS NOT NULL THEN 'waiting'
            WHEN attempts > 0 AND error IS NOT NULL THEN 'retrying'
            ELSE 'scheduled' END AS state
FROM agent_tasks
WHERE wake_at IS NOT NULL OR parked_by IS NOT NULL OR dead_at IS NOT NULL OR waiting_for IS NOT NULL;

-- What the tasks' rows do not tell any more a moment later, by second and type: deaths that were redriven or given up, leases that
-- ended without an outcome. Kept for as long as figures of the moment look back.
CREATE TABLE occurrences (
  at    timestamptz NOT NULL,
  tasks integer NOT NULL,
  kind  text NOT NULL,
  type  text NOT NULL,
  CONSTRAINT occurrence_kind_known CHECK (kind IN ('death', 'lease-lost'))
);
CREATE INDEX occurrence_time ON occurrences (at);

-- The figures of each minute, as they were when it was over; nothing that happens to a task afterwards changes them.
CREATE TABLE figure_minutes (
  at          timestamptz PRIMARY KEY,           -- when the minute began
  due         integer NOT NULL,                  -- so many, when it was over
  scheduled   integer NOT NULL,
  retrying    integer NOT NULL,
  waiting     integer NOT NULL,
  processing  integer NOT NULL,
  parked      integer NOT NULL,
  dead        integer NOT NULL,
  sockets     integer NOT NULL,
  connections integer NOT NULL,
  submitted   integer NOT NULL,                  -- within it, these and the following
  completed   integer NOT NULL,
  refused     integer NOT NULL,
  died        integer NOT NULL,
  cancelled   integer NOT NULL,
  leases_lost integer NOT NULL,
  oldest      real NOT NULL,                     -- s
  p50         real,                              -- ms; null: nothing completed
  p95         real,
  p99         real,
  wait_p95    real,
  by_type     jsonb NOT NULL                     -- {type: {due, …}}, of those that are not zero
);

GRANT SELECT ON live_tasks TO orchestrator_operator, orchestrator_sweeper;
GRANT SELECT ON occurrences, figure_minutes TO orchestrator_operator, orchestrator_sweeper;
GRANT INSERT ON occurrences TO orchestrator_worker, orchestrator_operator, orchestrator_sweeper;
GRANT INSERT ON figure_minutes TO orchestrator_sweeper;
GRANT DELETE ON occurrences, figure_minutes TO orchestrator_sweeper;
GRANT UPDATE (ready_at) ON agent_tasks TO orchestrator_operator, orchestrator_sweeper;
