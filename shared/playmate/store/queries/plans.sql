-- name: get_plan
-- The caller's own plan with the database's clock (primary key).
select p.guardian_id, p.reach_km, p.home_zone, p.planned_at, p.changed_at, p.message, p.suggestions, p.too_far, task_now() as now
from (select %(guardian_id)s::bigint as id) as me left join plans as p on p.guardian_id = me.id;

-- name: lock_plan
-- The caller's own plan, made where there is none and locked until the transaction ends (primary key).
insert into plans (guardian_id, message) select id, null from guardians where id = %(guardian_id)s
on conflict (guardian_id) do update set message = plans.message
returning reach_km, home_zone;

-- name: put_plan
-- The caller's own plan as it was just made (primary key). The lock of lock_plan makes later changes wait.
update plans
set planned_at = task_now(), changed_at = null, message = %(message)s, suggestions = %(suggestions)s, too_far = %(too_far)s
where guardian_id = %(guardian_id)s;

-- name: put_settings
-- The caller's own reach and zone; a missing value stays (primary key).
insert into plans (guardian_id, reach_km, home_zone)
select id, coalesce(%(reach_km)s::smallint, 15), %(home_zone)s from guardians where id = %(guardian_id)s
on conflict (guardian_id) do update
set reach_km = coalesce(%(reach_km)s::smallint, plans.reach_km), home_zone = coalesce(%(home_zone)s, plans.home_zone),
    changed_at = clock_timestamp()
returning guardian_id;

-- name: home_zones
-- The zones of some families' devices (primary key).
select guardian_id, home_zone from plans where guardian_id = any(%(guardian_ids)s) and home_zone is not null;

-- name: planning
-- The caller's own task that makes a plan at this moment (task_owner).
select id from agent_tasks
where owner_id = %(owner)s and type in ('plan.make', 'location.playdate.update') and finished_at is null
order by id desc limit 1;
