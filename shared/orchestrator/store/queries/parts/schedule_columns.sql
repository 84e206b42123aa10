-- The columns of a schedule as its owner and operators read it.
id, owner_id, name, type, payload, cron, every, time_zone, overlap, paused, next_at, last_task_id, created_at, updated_at
