-- The truth of the engine. Every statement of orchestrator/store/queries is served by a key or index named here.

-- The one clock of all comparisons. Tests move it with: SET orchestrator.now = '2030-01-01T00:00:00Z'.
CREATE FUNCTION task_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('orchestrator.now', true), '')::timestamptz, statement_timestamp())
$$;

-- Attempt tokens: from a sequence, so that no restart of any process can issue one twice.
CREATE SEQUENCE attempt_token AS bigint;

CREATE TABLE agent_tasks (
  id              uuid PRIMARY KEY,
  parent_id       uuid,
  due_at          timestamptz,                   -- runs no earlier; null while only its children can wake it
  wake_at         timestamptz,                   -- when the sweeper acts if nobody else did; null: nothing to act on
  token           bigint,                        -- of the running attempt
  leased_until    timestamptz,
  created_at      timestamptz NOT NULL DEFAULT task_now(),
  updated_at      timestamptz NOT NULL DEFAULT task_now(),
  finished_at     timestamptz,
  dead_at         timestamptz,                   -- since when it is a dead letter
  seq             integer NOT NULL DEFAULT 1,    -- of the newest event
  payload_version smallint NOT NULL DEFAULT 1,
  attempts        smallint NOT NULL DEFAULT 0,   -- begun since submit or redrive, less those that cost nothing
  max_attempts    smallint NOT NULL DEFAULT 3,
  resends         smallint NOT NULL DEFAULT 0,   -- wake-ups the sweeper had to send again
  waiting_for     smallint,                      -- as many finished children of the join `awaits` wake it
  alone           boolean NOT NULL DEFAULT false,-- the running attempt has no batch neighbours
  suspect         boolean NOT NULL DEFAULT false,-- lost its lease in company: runs alone next time
  limited         boolean NOT NULL DEFAULT false,-- unfinished, of a type with a concurrency limit per owner
  status          text NOT NULL DEFAULT 'pending',
  owner_id        text NOT NULL,
  type            text NOT NULL,
  payload         jsonb NOT NULL,
  result          jsonb,
  error           jsonb,                         -- {kind, code?, message, detail?, fingerprint?}
  progress        jsonb,
  flags           jsonb,                         -- values the first attempt saw
  parked_by       text,                          -- flag that holds it
  spawn_key       text,                          -- unique among the parent's children
  gather          text,                          -- the parent's join it belongs to
  awaits          text,                          -- the join it waits for
  leased_by       text,
  idempotency_key text,
  request_hash    bytea,
  traceparent     text,

  CONSTRAINT task_status_known CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'dead-letter', 'cancelled')),
  CONSTRAINT task_lease_while_processing CHECK ((status = 'processing') = (token IS NOT NULL AND leased_until IS NOT NULL)),
  CONSTRAINT task_finish_is_stamped CHECK ((status IN ('completed', 'failed', 'dead-letter', 'cancelled')) = (finished_at IS NOT NULL)),
  CONSTRAINT task_death_is_stamped CHECK ((status = 'dead-letter') = (dead_at IS NOT NULL)),
  CONSTRAINT task_completed_has_result CHECK (status <> 'completed' OR result IS NOT NULL),
  CONSTRAINT task_failure_has_error CHECK (status NOT IN ('failed', 'dead-letter') OR error IS NOT NULL),
  CONSTRAINT task_attempts_within_limit CHECK (attempts BETWEEN 0 AND max_attempts),
  CONSTRAINT task_max_attempts_sane CHECK (max_attempts BETWEEN 1 AND 20),
  CONSTRAINT task_waits_while_pending CHECK (waiting_for IS NULL OR (status = 'pending' AND waiting_for > 0)),
  CONSTRAINT task_is_due_some_day CHECK (due_at IS NOT NULL OR waiting_for IS NOT NULL OR status = 'cancelled'),
  CONSTRAINT task_parked_while_pending CHECK (parked_by IS NULL OR status = 'pending'),
  CONSTRAINT task_is_swept_until_done CHECK (status IN ('completed', 'failed', 'cancelled') = (finished_at IS NOT NULL AND wake_at IS NULL AND status <> 'dead-letter')),
  CONSTRAINT task_type_short CHECK (length(type) BETWEEN 1 AND 100),
  CONSTRAINT task_owner_short CHECK (length(owner_id) BETWEEN 1 AND 200),
  CONSTRAINT task_key_short CHECK (length(idempotency_key) BETWEEN 1 AND 200)
) WITH (fillfactor = 80);

-- No index looks at status, token or lease: a claim stays on its page (heap-only update).
-- The legal moves, as in model/task.py. The WHEN clause is all that a legal move costs.
CREATE FUNCTION refuse_task_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'task % cannot move from % to %', OLD.id, OLD.status, NEW.status USING ERRCODE = 'check_violation', CONSTRAINT = 'task_moves_legally';
END $$;
CREATE TRIGGER task_moves_legally BEFORE UPDATE ON agent_tasks FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
    ('pending', 'processing'), ('pending', 'cancelled'),
    ('processing', 'pending'), ('processing', 'completed'), ('processing', 'failed'), ('processing', 'dead-letter'), ('processing', 'cancelled'),
    ('dead-letter', 'pending'), ('dead-letter', 'cancelled')))
  EXECUTE FUNCTION refuse_task_move();

CREATE UNIQUE INDEX task_idempotency ON agent_tasks (owner_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX task_spawn ON agent_tasks (parent_id, spawn_key) WHERE parent_id IS NOT NULL;
CREATE INDEX task_owner ON agent_tasks (owner_id, id);                                          -- lists, newest first by id
CREATE INDEX task_wake ON agent_tasks (wake_at) WHERE wake_at IS NOT NULL;                      -- sweeper: live rows only
CREATE INDEX task_parked ON agent_tasks (parked_by, id) WHERE parked_by IS NOT NULL;
CREATE INDEX task_limited ON agent_tasks (owner_id, type) WHERE limited;                        -- live rows only
CREATE INDEX task_finished ON agent_tasks (owner_id, type, finished_at) WHERE finished_at IS NOT NULL; -- inbox
CREATE INDEX task_dead ON agent_tasks (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX task_retention ON agent_tasks (finished_at) WHERE finished_at IS NOT NULL;

-- What happened, in order: the attempts' history, the watcher's feed.
CREATE TABLE agent_task_events (
  xid        xid8 NOT NULL DEFAULT pg_current_xact_id(), -- tells what a reader's snapshot has already seen
  created_at timestamptz NOT NULL DEFAULT task_now(),
  task_id    uuid NOT NULL REFERENCES agent_tasks ON DELETE CASCADE,
  seq        integer NOT NULL,
  attempts   smallint NOT NULL,
  kind       text NOT NULL,
  status     text NOT NULL,
  owner_id   text NOT NULL,
  data       jsonb,
  PRIMARY KEY (task_id, seq)
);
CREATE INDEX event_feed ON agent_task_events (owner_id, xid);

-- Results of a handler's outside effects, each recorded once.
CREATE TABLE agent_task_steps (
  task_id    uuid NOT NULL REFERENCES agent_tasks ON DELETE CASCADE,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  token      bigint NOT NULL,
  result     jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT task_now(),
  PRIMARY KEY (task_id, name)
);

-- One-use tickets for the WebSocket; only their hash is kept.
CREATE TABLE socket_tickets (
  hash            bytea PRIMARY KEY,
  owner_id        text NOT NULL,
  expires_at      timestamptz NOT NULL,
  token_expires_at timestamptz NOT NULL
);
CREATE INDEX ticket_expiry ON socket_tickets (expires_at);

-- Open sockets and what each has been sent.
CREATE TABLE socket_connections (
  id         text PRIMARY KEY,
  owner_id   text NOT NULL,
  expires_at timestamptz NOT NULL,               -- of the identity behind it
  subscribed boolean NOT NULL DEFAULT false,
  task_ids   uuid[],                             -- null: all of the owner's
  cursor     text,                               -- everything up to here was sent
  opened_at  timestamptz NOT NULL DEFAULT task_now(),
  busy_until timestamptz,                        -- a sender has it until then: one at a time, so nothing is doubled
  again      boolean NOT NULL DEFAULT false      -- something happened meanwhile: the sender looks once more
);
CREATE INDEX connection_owner ON socket_connections (owner_id);
CREATE INDEX connection_expiry ON socket_connections (expires_at);

-- Who erased, redrove or discarded what; kept when the thing itself is gone.
CREATE TABLE operator_actions (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT task_now(),
  actor      text NOT NULL,
  action     text NOT NULL,
  detail     jsonb NOT NULL
);
