-- name: get_point
-- The caller's own playdate point, by primary key.
select latitude, longitude from playdate_points where guardian_id = %(guardian_id)s;

-- name: set_point
-- The caller's own playdate point, by primary key; nothing where the account is gone.
insert into playdate_points (guardian_id, latitude, longitude)
select id, %(latitude)s, %(longitude)s from guardians where id = %(guardian_id)s
on conflict (guardian_id) do update set latitude = excluded.latitude, longitude = excluded.longitude
returning guardian_id;
