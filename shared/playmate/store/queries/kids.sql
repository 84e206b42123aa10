-- name: of_guardian
-- The caller's own kids (kids_guardian).
select id, guardian_id, name, age, favorite_activity
from kids
where guardian_id = %(guardian_id)s
order by id;

-- name: add
-- For the caller only, at most 20 kids a guardian (kids_guardian).
insert into kids (guardian_id, name, age, favorite_activity)
select id, %(name)s, %(age)s, %(favorite_activity)s
from guardians
where id = %(guardian_id)s and (select count(*) from kids where guardian_id = %(guardian_id)s) < 20
returning id, guardian_id, name, age, favorite_activity;

-- name: remove
-- By primary key, the caller's own alone.
delete from kids where id = %(kid_id)s and guardian_id = %(guardian_id)s returning id;
