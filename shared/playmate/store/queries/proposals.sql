-- name: clock
-- The database's clock, the only one planning reads.
select task_now() as now;

-- name: upcoming
-- Times ahead proposed to kids of these families, each with both families (playdate_proposals_pkey, _match).
select p.kid_id, p.match_kid_id, p.starts_at, p.ends_at, one.guardian_id, other.guardian_id as match_guardian_id
from playdate_proposals as p
join kids as one on one.id = p.kid_id
join kids as other on other.id = p.match_kid_id
where p.starts_at > task_now()
  and (p.kid_id in (select id from kids where guardian_id = any(%(guardian_ids)s))
       or p.match_kid_id in (select id from kids where guardian_id = any(%(guardian_ids)s)))
order by p.starts_at, p.kid_id, p.match_kid_id;

-- name: propose
-- The pair's newest time (playdate_proposals_pkey); locks the row, so that two planners see one another.
insert into playdate_proposals (kid_id, match_kid_id, starts_at, ends_at)
values (least(%(kid_id)s::bigint, %(match_kid_id)s), greatest(%(kid_id)s::bigint, %(match_kid_id)s),
        %(starts_at)s, %(ends_at)s)
on conflict (kid_id, match_kid_id) do update
set starts_at = excluded.starts_at, ends_at = excluded.ends_at, proposed_at = now();

-- name: lock_pair
-- One planner at a time for two families: advisory, until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('playdates', 0)
    # hashtextextended(least(%(guardian_id)s::bigint, %(friend_id)s::bigint)::text, 1)
    # hashtextextended(greatest(%(guardian_id)s::bigint, %(friend_id)s::bigint)::text, 2));

-- name: withdraw
-- Times proposed to the kids of two families that are friends no more (playdate_proposals_pkey, _match).
delete from playdate_proposals as p using kids as one, kids as other
where one.id = p.kid_id and other.id = p.match_kid_id
  and ((one.guardian_id = %(guardian_id)s and other.guardian_id = %(friend_id)s)
       or (one.guardian_id = %(friend_id)s and other.guardian_id = %(guardian_id)s));
