-- name: get_point
-- The caller's own playdate point, by primary key.
select playdate_latitude, playdate_longitude from guardians where id = %(guardian_id)s;

-- name: set_point
-- The caller's own playdate point, by primary key.
update guardians set playdate_latitude = %(latitude)s, playdate_longitude = %(longitude)s
where id = %(guardian_id)s
returning id;
