-- name: get_calendars
-- Time zone and windows of some guardians: the caller and an accepted friend (primary keys).
select c.guardian_id, c.time_zone, w.weekday, w.starts, w.ends
from availability_calendars as c left join availability_windows as w on w.guardian_id = c.guardian_id
where c.guardian_id = any(%(guardian_ids)s)
order by c.guardian_id, w.weekday, w.starts;

-- name: put_calendar
-- The caller's own calendar replaced in one statement (primary keys).
-- Old windows that come again are updated where they stand: one statement may not delete and insert one key.
with calendar as (
    insert into availability_calendars (guardian_id, time_zone)
    select id, %(time_zone)s from guardians where id = %(guardian_id)s
    on conflict (guardian_id) do update set time_zone = excluded.time_zone, updated_at = now()
    returning guardian_id
), wanted as (
    select * from unnest(%(weekdays)s::smallint[], %(starts)s::smallint[], %(ends)s::smallint[])
        as w (weekday, starts, ends)
), dropped as (
    delete from availability_windows as old using calendar
    where old.guardian_id = calendar.guardian_id
      and (old.weekday, old.starts) not in (select weekday, starts from wanted)
), written as (
    insert into availability_windows (guardian_id, weekday, starts, ends)
    select calendar.guardian_id, weekday, starts, ends from calendar cross join wanted
    on conflict (guardian_id, weekday, starts) do update set ends = excluded.ends
)
select guardian_id from calendar;
