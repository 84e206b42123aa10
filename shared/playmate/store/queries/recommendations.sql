-- name: changes_of
-- The number of changes of the caller's row about a family (friend_recommendations_pkey), read before anything else.
select changes from friend_recommendations where guardian_id = %(guardian_id)s and friend_id = %(friend_id)s;

-- name: put_recommendations
-- The caller's row about a family (friend_recommendations_pkey). A change since `changes` was read leaves it outdated.
with before as (
    select guardian_id, friend_id, task_id from friend_recommendations
    where guardian_id = %(guardian_id)s and friend_id = %(friend_id)s for update
)
update friend_recommendations as r
set task_id = %(task_id)s, made_at = task_now(), result = %(result)s, made_changes = %(changes)s
from before where (r.guardian_id, r.friend_id) = (before.guardian_id, before.friend_id)
returning before.task_id as earlier;

-- name: has_changes
-- Whether the caller's family has a change that no renewal was asked for (friend_recommendations_pkey, friend_recommendations_friend).
select exists (
    select from friend_recommendations
    where %(guardian_id)s in (guardian_id, friend_id) and changes > greatest(made_changes, asked_changes)
) as changed;

-- name: families_with_passed_times
-- Families with a proposed time that has passed, after one in the order of their ids (friend_recommendations_starts).
select family from families_with_passed_times(%(after)s, %(most)s) as family;

-- name: ask_for_renewals
-- Rows of the caller's family that are outdated, or propose a time that has passed, and that no renewal was asked for
-- (friend_recommendations_pkey, friend_recommendations_friend). A renewal that did not end is asked for again.
with outdated as (
    select guardian_id, friend_id from friend_recommendations
    where %(guardian_id)s in (guardian_id, friend_id)
      and (changes > greatest(made_changes, asked_changes)
           or ((changes > made_changes or starts_at <= task_now())
               and coalesce(asked_at <= task_now() - make_interval(secs => %(patience)s), true)))
    order by guardian_id, friend_id limit %(most)s
    for update
)
update friend_recommendations as r set asked_changes = r.changes, asked_at = task_now()
from outdated where (r.guardian_id, r.friend_id) = (outdated.guardian_id, outdated.friend_id)
returning r.guardian_id, r.friend_id;

-- name: about_friends
-- The caller's recommendations with the present points of friends (friend_recommendations_pkey), the newest first.
select r.friend_id, r.task_id, r.made_at, r.result, r.changes > r.made_changes as outdated, g.name,
       p.latitude, p.longitude, task_now() as now, l.state = 1 as friends
from friend_recommendations as r
join guardians as g on g.id = r.friend_id
join friend_links as l on least(l.asker_id, l.receiver_id) = least(r.guardian_id, r.friend_id)
    and greatest(l.asker_id, l.receiver_id) = greatest(r.guardian_id, r.friend_id)
left join playdate_points as p on p.guardian_id = r.friend_id and l.state = 1
where r.guardian_id = %(guardian_id)s
order by r.made_at desc nulls last, r.friend_id;
