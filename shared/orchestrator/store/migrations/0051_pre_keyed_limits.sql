-- Keyed limits. No statement of a task without limits reads or writes these tables, and its row has no column for them.

-- A limit under its key, as the code that claimed last declares it. Its row is the lock of all claims under the key.
CREATE TABLE agent_limits (
  key          text PRIMARY KEY,
  at_most      integer CHECK (at_most > 0),               -- attempts at once; null: any number
  requests     integer CHECK (requests > 0),              -- attempts in `per` seconds; null: any number
  per          double precision CHECK (per > 0),
  closed_at    timestamptz,                               -- when a refusal closed it last
  closed_until timestamptz,
  share        double precision NOT NULL DEFAULT 1,       -- of the limit that counted when it was closed last
  used_at      timestamptz NOT NULL DEFAULT task_now(),
  CONSTRAINT limit_rate_is_whole CHECK ((requests IS NULL) = (per IS NULL))
);
CREATE INDEX limit_used ON agent_limits (used_at);

-- The attempts under a limit: those that run, and those of its last `per` seconds. An attempt runs while its token is the task's.
CREATE TABLE agent_limit_uses (
  key        text NOT NULL REFERENCES agent_limits ON DELETE CASCADE,
  token      bigint NOT NULL,
  task_id    uuid NOT NULL,
  started_at timestamptz NOT NULL DEFAULT task_now(),
  ended_at   timestamptz,                                 -- when its end was noticed; null: it runs
  PRIMARY KEY (key, token)
);

-- Tasks that wait for room under a limit, by their ids in the order of their submits.
CREATE TABLE agent_limit_waits (
  task_id    uuid PRIMARY KEY,
  key        text NOT NULL REFERENCES agent_limits ON DELETE CASCADE,
  granted_at timestamptz                                  -- when it may start; null: it has to wait
);
CREATE INDEX limit_waiting ON agent_limit_waits (key, task_id);
CREATE INDEX limit_granted ON agent_limit_waits (key, granted_at) WHERE granted_at IS NOT NULL;

GRANT SELECT, INSERT (key, at_most, requests, per), UPDATE (at_most, requests, per, closed_at, closed_until, share, used_at)
  ON agent_limits TO orchestrator_worker;
GRANT SELECT, INSERT (key, token, task_id), UPDATE (ended_at), DELETE ON agent_limit_uses TO orchestrator_worker;
GRANT SELECT, INSERT (task_id, key), UPDATE (key, granted_at), DELETE ON agent_limit_waits TO orchestrator_worker;
GRANT SELECT, UPDATE (used_at), DELETE ON agent_limits TO orchestrator_sweeper;
GRANT SELECT, UPDATE (ended_at), DELETE ON agent_limit_uses TO orchestrator_sweeper;
GRANT SELECT, UPDATE (granted_at), DELETE ON agent_limit_waits TO orchestrator_sweeper;
GRANT SELECT ON agent_limits, agent_limit_uses, agent_limit_waits TO orchestrator_operator;
