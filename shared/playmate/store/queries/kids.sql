-- name: of_guardian
-- The caller's own kids (kids_guardian).
select id, guardian_id, name, age, favorite_activity
from kids
where guardian_id = %(guardian_id)s
order by id;

-- name: add
-- For the caller only, at most `most` kids a guardian (kids_guardian).
insert into kids (guardian_id, name, age, favorite_activity)
select id, %(name)s, %(age)s, %(favorite_activity)s
from guardians
where id = %(guardian_id)s and (select count(*) from kids where guardian_id = %(guardian_id)s) < %(most)s
returning id, guardian_id, name, age, favorite_activity;

-- name: remove
-- The caller's own only, by primary key; also from results (task_finished).
select remove_kid(%(kid_id)s) as removed;

-- name: of_friends
-- Kids of the caller's accepted friends with the friend's name and point, never a stranger's
-- (friend_links_asker, friend_links_receiver, kids_guardian).
select k.id, k.guardian_id, k.name, k.age, k.favorite_activity, g.name as guardian_name, p.latitude, p.longitude
from (
    select receiver_id as friend_id from friend_links where asker_id = %(guardian_id)s and state = 1
    union all
    select asker_id from friend_links where receiver_id = %(guardian_id)s and state = 1
) as friend
join guardians as g on g.id = friend.friend_id
join kids as k on k.guardian_id = g.id
left join playdate_points as p on p.guardian_id = g.id
where (%(activity)s::text is null or lower(k.favorite_activity) = lower(%(activity)s))
  and (%(min_age)s::float8 is null or k.age >= %(min_age)s) and (%(max_age)s::float8 is null or k.age <= %(max_age)s)
order by lower(g.name), k.id;

-- name: lock_kids
-- Kids of these guardians (kids_guardian), locked until the transaction ends: a removal waits, and then corrects the
-- results of this transaction.
select id, guardian_id, name, age, favorite_activity
from kids
where guardian_id = any(%(guardian_ids)s)
order by id
for key share;
