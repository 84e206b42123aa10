-- name: asked_names
-- Names in the friend requests of others that reached nobody. A scan over all tasks: rare, and nobody waits.
select distinct payload ->> 'friendName' as name from agent_tasks
where type = 'friend.ask' and owner_id <> %(guardian_id)s::bigint::text and result -> 'friend' is null;

-- name: mentions
-- Tasks of others that name the guardian or the guardian's kids; `names`: spellings of the guardian's name. The same scan.
select id from agent_tasks
where owner_id <> %(guardian_id)s::bigint::text
  and ((type in ('friend.recommendations', 'friend.setState', 'friend.delete', 'friends.changed', 'playdates.changed')
        and payload ->> 'friendId' = %(guardian_id)s::bigint::text)
    or (type = 'friend.ask'
        and (result -> 'friend' ->> 'id' = %(guardian_id)s::bigint::text
             or payload ->> 'friendName' = any(%(names)s))));

-- name: plans_with
-- Plans of others in which the guardian's kids take part, or that say no time was found with the guardian: the same scan.
select id from agent_tasks
where type = 'location.playdate.update' and owner_id <> %(guardian_id)s::bigint::text
  and (result -> 'availabilityPlan' -> 'suggestions'
         @> jsonb_build_array(jsonb_build_object('friendId', %(guardian_id)s::bigint))
    or result -> 'availabilityPlan' -> 'suggestions'
         @> jsonb_build_array(jsonb_build_object('noTimeWith', jsonb_build_object('friendId', %(guardian_id)s::bigint))));

-- name: old_plans
-- Plans beyond the caller's newest `kept` ones (task_owner). Each new plan makes one old, so a page of them is enough.
select id
from (
    select id, result from agent_tasks
    where owner_id = %(guardian_id)s::bigint::text and type = 'location.playdate.update' and status = 'completed'
    order by id desc
    offset %(kept)s limit 20
) as older
where result -> 'availabilityPlan' is not null;

-- name: erase_guardian
-- Credentials, point, kids, links, calendar and proposals go with the guardian (foreign keys, by primary key).
delete from guardians where id = %(guardian_id)s returning id;

-- name: recommendations_between
-- Recommendations to two guardians about each other's kids, and notices of each other's playdates (task_finished).
select id from agent_tasks
where type in ('friend.recommendations', 'playdates.changed') and finished_at is not null
  and owner_id in (%(guardian_id)s::bigint::text, %(friend_id)s::bigint::text)
  and payload ->> 'friendId' in (%(guardian_id)s::bigint::text, %(friend_id)s::bigint::text);

-- name: plans_between
-- Plans of either in which the other's kids take part, or that say no time was found with the other (task_finished).
select id from agent_tasks
where type = 'location.playdate.update' and finished_at is not null
  and ((owner_id = %(guardian_id)s::bigint::text
        and (result -> 'availabilityPlan' -> 'suggestions'
                @> jsonb_build_array(jsonb_build_object('friendId', %(friend_id)s::bigint))
          or result -> 'availabilityPlan' -> 'suggestions'
                @> jsonb_build_array(jsonb_build_object('noTimeWith', jsonb_build_object('friendId', %(friend_id)s::bigint)))))
    or (owner_id = %(friend_id)s::bigint::text
        and (result -> 'availabilityPlan' -> 'suggestions'
                @> jsonb_build_array(jsonb_build_object('friendId', %(guardian_id)s::bigint))
          or result -> 'availabilityPlan' -> 'suggestions'
                @> jsonb_build_array(jsonb_build_object('noTimeWith', jsonb_build_object('friendId', %(guardian_id)s::bigint))))));
