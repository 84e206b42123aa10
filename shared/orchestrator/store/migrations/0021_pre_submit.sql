-- A submit is one statement that a session plans once: the row security context, the task and its first event. Sent apart, they were
-- planned anew each time, which was half of a submit's cost. Null: the id or its owner's idempotency key is taken already.
-- A task message is expected 2 minutes after the task is due at the latest; beyond what SQS can delay, the sweeper sends it when due.
CREATE FUNCTION submit_task(
  settings json, new_id uuid, new_owner text, new_type text, new_payload jsonb, new_version smallint, most_attempts smallint,
  is_limited boolean, not_before timestamptz, new_key text, hash bytea, trace text,
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
                                idempotency_key, request_hash, traceparent)
  VALUES (new_id, new_owner, new_type, new_payload, new_version, most_attempts, due,
          CASE WHEN due > task_now() + interval '15 minutes' THEN due ELSE due + interval '2 minutes' END,
          due, is_limited, new_key, hash, trace)
  ON CONFLICT DO NOTHING
  RETURNING t.due_at, t.created_at, date_part('epoch', t.due_at - task_now()) INTO due_at, created_at, due_in;
  IF created_at IS NOT NULL THEN
    INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)
    VALUES (new_id, 1, 0, 'submitted', 'pending', new_owner);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION submit_task FROM PUBLIC;
GRANT EXECUTE ON FUNCTION submit_task TO orchestrator_api;
