-- name: ask
-- One row a pair (friend_links_pair): the second of two requests inserts nothing, also at the same moment.
insert into friend_links (asker_id, receiver_id)
values (%(asker_id)s, %(receiver_id)s)
on conflict do nothing
returning asker_id, receiver_id, state;

-- name: count_links
-- The friends of a guardian, and the requests that the guardian made (friend_links_asker, friend_links_receiver).
select (select count(*) from friend_links where asker_id = %(guardian_id)s and state <> 3)
     + (select count(*) from friend_links where receiver_id = %(guardian_id)s and state = 1) as links;

-- name: count_requests
-- The requests that wait for a guardian's answer (friend_links_receiver).
select requests_to(%(guardian_id)s) as requests;

-- name: lock_link
-- The link between two guardians in either direction (friend_links_pair), locked until the transaction ends.
select asker_id, receiver_id, state
from friend_links
where least(asker_id, receiver_id) = least(%(guardian_id)s::bigint, %(friend_id)s::bigint)
  and greatest(asker_id, receiver_id) = greatest(%(guardian_id)s::bigint, %(friend_id)s::bigint)
for update;

-- name: remove_refusal
-- The asked guardian withdraws the refusal and asks in turn (friend_links_pair).
delete from friend_links where asker_id = %(asker_id)s and receiver_id = %(receiver_id)s and state in (2, 3) returning id;

-- name: confirmed
-- Friends of the caller, in either direction (friend_links_asker, friend_links_receiver).
select g.id, g.name
from (
    select receiver_id as friend_id from friend_links where asker_id = %(guardian_id)s and state = 1
    union all
    select asker_id from friend_links where receiver_id = %(guardian_id)s and state = 1
) as friend
join guardians as g on g.id = friend.friend_id
order by lower(g.name);

-- name: pending
-- Guardians that the caller asked and that have not accepted (friend_links_asker). A refused request shows as an open one.
select g.id, g.name
from friend_links as l join guardians as g on g.id = l.receiver_id
where l.asker_id = %(guardian_id)s and l.state in (0, 2)
order by lower(g.name);

-- name: asking
-- Guardians that asked the caller and wait for an answer (friend_links_receiver).
select g.id, g.name
from friend_links as l join guardians as g on g.id = l.asker_id
where l.receiver_id = %(guardian_id)s and l.state = 0
order by lower(g.name);

-- name: answer
-- The asked guardian answers (friend_links_pair decides the row, the receiver guards it).
update friend_links
set state = %(state)s, answered_at = case when %(state)s::smallint = 0 then null else now() end
where least(asker_id, receiver_id) = least(%(guardian_id)s::bigint, %(friend_id)s::bigint)
  and greatest(asker_id, receiver_id) = greatest(%(guardian_id)s::bigint, %(friend_id)s::bigint)
  and receiver_id = %(guardian_id)s
returning asker_id, receiver_id, state;

-- name: remove
-- An accepted friendship ends, or a request of the caller's own is taken back (friend_links_pair).
delete from friend_links
where least(asker_id, receiver_id) = least(%(guardian_id)s::bigint, %(friend_id)s::bigint)
  and greatest(asker_id, receiver_id) = greatest(%(guardian_id)s::bigint, %(friend_id)s::bigint)
  and (state = 1 or (state = 0 and asker_id = %(guardian_id)s))
returning id;

-- name: withdraw_refused
-- The asker withdraws a request that was refused: the row keeps the refusal (friend_links_asker).
update friend_links set state = 3
where asker_id = %(guardian_id)s and receiver_id = %(friend_id)s and state = 2;

-- name: ask_refused_again
-- The asker asks once more after withdrawing a refused request: it shows as open, and stays refused (friend_links_asker).
update friend_links set state = 2
where asker_id = %(asker_id)s and receiver_id = %(receiver_id)s and state = 3;

-- name: lock_friends
-- The caller's accepted friends, or one of them (friend_links_asker, friend_links_receiver), friends until the transaction
-- ends: the end of a friendship waits, and then corrects the results of this transaction.
select g.id, g.name, p.latitude, p.longitude
from friend_links as l
join guardians as g on g.id = case l.asker_id when %(guardian_id)s then l.receiver_id else l.asker_id end
left join playdate_points as p on p.guardian_id = g.id
where (l.asker_id = %(guardian_id)s or l.receiver_id = %(guardian_id)s) and l.state = 1
  and (%(friend_id)s::bigint is null or g.id = %(friend_id)s)
order by l.id
for share of l;

-- name: share_link
-- The link between two guardians in either direction (friend_links_pair) with the other family's name. It stays as it is
-- until the transaction ends.
select l.asker_id, l.receiver_id, l.state, g.name
from friend_links as l join guardians as g on g.id = %(friend_id)s
where least(l.asker_id, l.receiver_id) = least(%(guardian_id)s::bigint, %(friend_id)s::bigint)
  and greatest(l.asker_id, l.receiver_id) = greatest(%(guardian_id)s::bigint, %(friend_id)s::bigint)
  and l.state <> 3
for share of l;
