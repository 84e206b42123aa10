-- A handler cannot end the transaction that it shares with its batch neighbours; every wait and every life has an end.

-- One row for each open transaction of a worker's handlers, which only the finishing statement deletes.
CREATE UNLOGGED TABLE handler_transactions (xid xid8 PRIMARY KEY);
GRANT SELECT, INSERT, DELETE ON handler_transactions TO orchestrator_worker;

CREATE FUNCTION refuse_handler_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM handler_transactions WHERE xid = NEW.xid) THEN
    RAISE EXCEPTION 'a handler must not commit its transaction' USING ERRCODE = 'invalid_transaction_termination';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER handler_commits_nothing AFTER INSERT ON handler_transactions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_handler_commit();

ALTER TABLE agent_tasks
  ADD COLUMN losses smallint NOT NULL DEFAULT 0,  -- connections lost in a row while its handler ran
  ADD COLUMN deadline_at timestamptz;             -- the end of its whole life, retries and waits included
GRANT UPDATE (losses) ON agent_tasks TO orchestrator_worker;
GRANT INSERT (deadline_at) ON agent_tasks TO orchestrator_api, orchestrator_worker, orchestrator_sweeper;
GRANT UPDATE (deadline_at) ON agent_tasks TO orchestrator_operator, orchestrator_worker, orchestrator_sweeper;

-- Why a step has no result although its effect happened.
ALTER TABLE agent_task_steps ADD COLUMN fault text;
GRANT INSERT (fault) ON agent_task_steps TO orchestrator_worker;

-- A task that waits for children is always checked again. The trigger serves code that is older than the constraint.
CREATE FUNCTION end_every_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.wake_at := task_now() + interval '1 hour';
  RETURN NEW;
END $$;
CREATE TRIGGER task_wait_gets_an_end BEFORE INSERT OR UPDATE ON agent_tasks FOR EACH ROW
  WHEN (NEW.waiting_for IS NOT NULL AND NEW.wake_at IS NULL AND NEW.parked_by IS NULL) EXECUTE FUNCTION end_every_wait();
UPDATE agent_tasks SET wake_at = task_now() + interval '1 hour' WHERE waiting_for IS NOT NULL AND wake_at IS NULL AND parked_by IS NULL;
ALTER TABLE agent_tasks ADD CONSTRAINT task_wait_ends
  CHECK (waiting_for IS NULL OR wake_at IS NOT NULL OR parked_by IS NOT NULL);

-- As before, with the seconds of the task's whole life from when it is first due. Older code calls the one without them.
CREATE FUNCTION submit_task(
  settings json, new_id uuid, new_owner text, new_type text, new_payload jsonb, new_version smallint, most_attempts smallint,
  is_limited boolean, not_before timestamptz, new_key text, hash bytea, trace text, life double precision,
  OUT due_at timestamptz, OUT created_at timestamptz, OUT due_in double precision
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  due timestamptz;
BEGIN
  IF settings IS NOT NULL THEN
    PERFORM act(settings);
  END IF;
  due := greatest(not_before, task_now());
  INSERT INTO agent_tasks AS t (id, owner_id, type, payload, payload_version, max_attempts, due_at, wake_at, ready_at, limited,
                                idempotency_key, request_hash, traceparent, deadline_at)
  VALUES (new_id, new_owner, new_type, new_payload, new_version, most_attempts, due,
          CASE WHEN due > task_now() + interval '15 minutes' THEN due ELSE due + interval '2 minutes' END,
          due, is_limited, new_key, hash, trace, due + make_interval(secs => life))
  ON CONFLICT DO NOTHING
  RETURNING t.due_at, t.created_at, date_part('epoch', t.due_at - task_now()) INTO due_at, created_at, due_in;
  IF created_at IS NOT NULL THEN
    INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)
    VALUES (new_id, 1, 0, 'submitted', 'pending', new_owner);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION submit_task(json, uuid, text, text, jsonb, smallint, smallint, boolean, timestamptz, text, bytea, text,
                                       double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION submit_task(json, uuid, text, text, jsonb, smallint, smallint, boolean, timestamptz, text, bytea, text,
                                      double precision) TO orchestrator_api;
