-- name: explain
-- All that can keep a task from running.
-- Index: agent_tasks_pkey; agent_waits_pkey; task_limited, task_spawn and task_parked for the counts.
SELECT t.id, t.owner_id, t.type, t.status, t.due_at, t.wake_at, t.leased_by, t.leased_until, t.parked_by, t.waiting_for, t.awaits,
       t.suspect, t.limited, t.unique_key, t.attempts, t.resends, t.dead_at, t.finished_at,
       coalesce(t.due_at <= task_now(), false) AS due, extract(epoch FROM task_now() - t.due_at)::bigint AS due_for,
       coalesce(t.leased_until <= task_now(), false) AS lease_ended, t.started_at IS NOT NULL AS started,
       coalesce(t.wake_at < task_now() - {message_lost_after}, false) AS wake_late,
       CASE WHEN t.limited THEN (SELECT count(*) FROM agent_tasks o WHERE o.limited AND o.owner_id = t.owner_id
                                   AND o.type = t.type AND o.status = 'processing') END AS running,
       CASE WHEN t.awaits IS NOT NULL THEN (SELECT count(*) FROM agent_tasks c WHERE c.parent_id = t.id
                                              AND c.gather = t.awaits AND c.finished_at IS NOT NULL) END AS children_done,
       CASE WHEN t.parked_by IS NOT NULL THEN (SELECT count(*) FROM (SELECT FROM agent_tasks o WHERE o.parked_by = t.parked_by
                                                AND o.id < t.id LIMIT %(most_ahead)s) ahead) END AS parked_ahead,
       w.asked, coalesce(w.operators, false) AS asks_operators
FROM agent_tasks t LEFT JOIN agent_waits w ON w.task_id = t.id AND w.kind || ':' || w.name = t.awaits WHERE t.id = %(id)s;

-- name: own_blockers
-- All that can keep an owner's task from running, without anything of other owners. No row: it runs, is over, or is not the owner's.
-- `claimed` tasks, whose handler has not begun, still wait.
-- Index: agent_tasks_pkey; agent_waits_pkey; task_limited and task_spawn for the counts.
SELECT t.type, t.due_at, t.created_at, t.updated_at AS since, t.parked_by, t.waiting_for, t.awaits, t.attempts, t.max_attempts,
       coalesce(t.due_at <= task_now(), false) OR t.status = 'processing' AS due,
       greatest(extract(epoch FROM task_now() - t.due_at), 0)::float8 AS due_for,
       CASE WHEN t.waiting_for IS NULL THEN 0 ELSE (SELECT count(*) FROM agent_tasks c WHERE c.parent_id = t.id
         AND c.gather = t.awaits AND c.finished_at IS NOT NULL) END AS children_done,
       CASE WHEN t.limited AND t.status = 'pending' THEN (SELECT count(*) FROM (SELECT FROM agent_tasks o WHERE o.limited
         AND o.owner_id = t.owner_id AND o.type = t.type AND o.status = 'processing' LIMIT %(most_ahead)s) running) END AS running,
       CASE WHEN NOT t.limited OR t.status <> 'pending' THEN 0 ELSE (SELECT count(*) FROM (SELECT FROM agent_tasks o WHERE o.limited
         AND o.owner_id = t.owner_id AND o.type = t.type AND o.status = 'pending' AND o.id < t.id AND o.due_at <= task_now()
         AND o.parked_by IS NULL LIMIT %(most_ahead)s) ahead) END AS ahead,
       w.began_at AS asked_at, coalesce(w.owner_id = ANY (w.asked), false) AS asks_owner,
       coalesce(cardinality(array_remove(w.asked, w.owner_id)) > 0, false) AS asks_others
FROM agent_tasks t LEFT JOIN agent_waits w ON w.task_id = t.id AND w.kind || ':' || w.name = t.awaits AND w.answered_at IS NULL
WHERE t.id = %(id)s AND t.owner_id = %(owner_id)s AND (t.status = 'pending' OR t.status = 'processing' AND t.started_at IS NULL);
