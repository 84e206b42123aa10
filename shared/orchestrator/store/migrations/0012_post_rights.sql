-- Rights are those of each part's own statements, column by column: nobody changes whose a task, an event or a socket is.
REVOKE ALL ON agent_tasks, agent_task_events, agent_task_steps, socket_tickets, socket_connections, rate_limits, known_flags
  FROM orchestrator_api, orchestrator_operator, orchestrator_worker, orchestrator_websocket, orchestrator_push, orchestrator_sweeper;

-- The API submits, cancels and wakes parents; an operator gives dead letters their attempts anew.
GRANT SELECT, INSERT (id, owner_id, type, payload, payload_version, max_attempts, due_at, wake_at, ready_at, limited,
                      idempotency_key, request_hash, traceparent),
      UPDATE (status, due_at, wake_at, finished_at, updated_at, seq, token, leased_until, leased_by, waiting_for, awaits, parked_by,
              limited) ON agent_tasks TO orchestrator_api;
GRANT UPDATE (attempts, resends, dead_at, ready_at) ON agent_tasks TO orchestrator_operator;
GRANT SELECT, INSERT (task_id, seq, attempts, kind, status, owner_id, data) ON agent_task_events TO orchestrator_api;
GRANT SELECT (owner_id, session), INSERT (hash, owner_id, session, expires_at, token_expires_at), DELETE ON socket_tickets TO orchestrator_api;
GRANT SELECT (owner_id, session, expires_at), UPDATE (expires_at) ON socket_connections TO orchestrator_api;
GRANT SELECT, INSERT (key, full_at), UPDATE (full_at), DELETE ON rate_limits TO orchestrator_api;
GRANT SELECT ON socket_connections TO orchestrator_operator;
GRANT SELECT ON known_flags TO orchestrator_api, orchestrator_worker;

-- A worker runs tasks, makes children, and erases who wishes to be forgotten.
GRANT SELECT, INSERT (id, owner_id, type, payload, payload_version, max_attempts, due_at, wake_at, ready_at, limited, parent_id,
                      spawn_key, gather, traceparent),
      UPDATE (status, due_at, wake_at, ready_at, started_at, finished_at, dead_at, updated_at, seq, token, leased_until, leased_by, alone,
              suspect, attempts, resends, waiting_for, awaits, parked_by, limited, payload, result, error, progress, flags,
              idempotency_key, request_hash),
      DELETE ON agent_tasks TO orchestrator_worker;
GRANT SELECT, INSERT (task_id, seq, attempts, kind, status, owner_id, data), UPDATE (data) ON agent_task_events TO orchestrator_worker;
GRANT SELECT, INSERT (task_id, name, token, result) ON agent_task_steps TO orchestrator_worker;
GRANT SELECT, DELETE ON socket_tickets, socket_connections TO orchestrator_worker;

-- Sockets are opened, turned to, and closed.
GRANT SELECT ON agent_tasks, agent_task_events TO orchestrator_websocket, orchestrator_push;
GRANT SELECT, DELETE ON socket_tickets TO orchestrator_websocket;
GRANT SELECT, INSERT (id, owner_id, session, expires_at), UPDATE (subscribed, task_ids, cursor, busy_until, again), DELETE
  ON socket_connections TO orchestrator_websocket;
GRANT SELECT, UPDATE (cursor, busy_until, again), DELETE ON socket_connections TO orchestrator_push;

-- The sweeper mends and prunes.
GRANT SELECT, DELETE ON agent_tasks TO orchestrator_sweeper;
GRANT UPDATE (status, due_at, wake_at, ready_at, finished_at, dead_at, updated_at, seq, token, leased_until, leased_by, alone, suspect, attempts,
              resends, waiting_for, awaits, parked_by, error) ON agent_tasks TO orchestrator_sweeper;
GRANT SELECT, INSERT (task_id, seq, attempts, kind, status, owner_id, data) ON agent_task_events TO orchestrator_sweeper;
GRANT SELECT, DELETE ON socket_tickets, socket_connections, rate_limits TO orchestrator_sweeper;
GRANT SELECT, INSERT (document), UPDATE (document, changed_at) ON known_flags TO orchestrator_sweeper;

-- Appended to; and a redrive under way is changed in what moves, never in whose it is or what was chosen.
REVOKE ALL ON operator_actions, redrives FROM orchestrator_operator, orchestrator_sweeper;
GRANT SELECT, INSERT (actor, action, detail) ON operator_actions TO orchestrator_operator;
GRANT INSERT (actor, action, detail) ON operator_actions TO orchestrator_sweeper;
GRANT SELECT, INSERT (id, actor, canary, rate, task_ids, fingerprints) ON redrives TO orchestrator_operator;
GRANT SELECT ON redrives TO orchestrator_sweeper;
GRANT UPDATE (state, reason, failed_task, released, paced_until, updated_at) ON redrives TO orchestrator_operator, orchestrator_sweeper;

-- An operator's role has what the API may, and is no way to become the API's.
SELECT execute_on_server('GRANT orchestrator_api TO orchestrator_operator WITH INHERIT TRUE, SET FALSE');

-- Nobody needs tables of a session's own, nor large objects, in which things could be put aside. The latter's functions belong
-- to the server: only who has its superuser's rights takes them away. RDS gives those to nobody, so there they stay.
DO $$
DECLARE one regprocedure;
BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  FOR one IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_|read|write)'
             AND pg_has_role(current_user, proowner, 'USAGE') LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
  END LOOP;
END $$;
