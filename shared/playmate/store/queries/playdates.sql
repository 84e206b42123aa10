-- name: schedule
-- A playdate of the caller; nothing where the account is gone.
insert into playdates (host_id, title, activity, location_name, description, notes, starts_at, ends_at, max_guests)
select id, %(title)s, %(activity)s, %(location_name)s, %(description)s, %(notes)s, %(starts_at)s, %(ends_at)s, %(max_guests)s
from guardians where id = %(guardian_id)s
returning id;

-- name: add_host
-- The host takes part from the beginning (playdate_participants_once).
insert into playdate_participants (playdate_id, guardian_id, role, status) values (%(playdate_id)s, %(guardian_id)s, 'host', 'approved');

-- name: lock_playdate
-- A playdate of the caller or of a friend (primary key), locked until the transaction ends: one decision at a time.
select d.id, d.host_id, h.name as host_name, d.title, d.activity, d.location_name, d.description, d.notes, d.starts_at, d.ends_at,
       d.status, d.max_guests, d.version, d.created_at, d.updated_at, s.approved, s.pending, task_now() as now
from playdates as d join guardians as h on h.id = d.host_id cross join lateral seats_of_playdate(d.id, 0) as s
where d.id = %(playdate_id)s for update of d;

-- name: get_playdate
-- A playdate of the caller or of a friend (primary key).
select d.id, d.host_id, h.name as host_name, d.title, d.activity, d.location_name, d.description, d.notes, d.starts_at, d.ends_at,
       d.status, d.max_guests, d.version, d.created_at, d.updated_at, s.approved, s.pending, task_now() as now
from playdates as d join guardians as h on h.id = d.host_id cross join lateral seats_of_playdate(d.id, 0) as s
where d.id = %(playdate_id)s;

-- name: hosted_by
-- Playdates of a host, the next one first and past ones last (playdates_host). Of a friend: only those that take guests
-- and are ahead.
select d.id, d.host_id, h.name as host_name, d.title, d.activity, d.location_name, d.description, d.notes, d.starts_at, d.ends_at,
       d.status, d.max_guests, d.version, d.created_at, d.updated_at, s.approved, s.pending, task_now() as now
from playdates as d join guardians as h on h.id = d.host_id cross join lateral seats_of_playdate(d.id, 0) as s
where d.host_id = %(host_id)s
  and (not %(only_open)s or (d.status = 'scheduled' and d.ends_at > task_now()))
  and d.ends_at > task_now() - interval '28 days'
order by d.ends_at <= task_now(), d.starts_at, d.id limit 200;

-- name: count_hosted
-- The playdates that the list of a host shows (playdates_host).
select count(*) as playdates from playdates where host_id = %(host_id)s and ends_at > task_now() - interval '28 days';

-- name: joined_by
-- Playdates of friends in which the caller takes part or is asked (playdate_participants_guardian), the next one first and
-- past ones last.
select d.id, d.host_id, h.name as host_name, d.title, d.activity, d.location_name, d.description, d.notes, d.starts_at, d.ends_at,
       d.status, d.max_guests, d.version, d.created_at, d.updated_at, s.approved, s.pending, task_now() as now
from playdate_participants as p join playdates as d on d.id = p.playdate_id
join guardians as h on h.id = d.host_id cross join lateral seats_of_playdate(d.id, 0) as s
where p.guardian_id = %(guardian_id)s and p.role = 'guest' and d.ends_at > task_now() - interval '28 days'
order by d.ends_at <= task_now(), d.starts_at, d.id limit 200;

-- name: change
-- Only the host changes a playdate (primary key).
update playdates
set title = %(title)s, activity = %(activity)s, location_name = %(location_name)s, description = %(description)s,
    notes = %(notes)s, starts_at = %(starts_at)s, ends_at = %(ends_at)s, status = %(status)s, max_guests = %(max_guests)s,
    version = %(version)s, updated_at = task_now()
where id = %(playdate_id)s and host_id = %(guardian_id)s
returning id;

-- name: guests
-- The guests that the caller decides about: all of an own playdate, else the caller alone (playdate_participants_once).
select id, guardian_id, status, asked, keeps_seat
from playdate_participants where playdate_id = %(playdate_id)s and role = 'guest' order by id;

-- name: add_guest
-- A new guest of a playdate (playdate_participants_once).
insert into playdate_participants (playdate_id, guardian_id, role, status, asked, keeps_seat, joined_at)
values (%(playdate_id)s, %(guardian_id)s, 'guest', %(status)s, %(asked)s, %(keeps_seat)s, task_now());

-- name: change_guest
-- A participant of one of the host's playdates, or the caller's own participation (playdate_participants_once).
update playdate_participants
set joined_at = case when status = 'left' and %(status)s <> 'left' then task_now() else joined_at end,
    status = %(status)s, asked = %(asked)s, keeps_seat = %(keeps_seat)s,
    decision_note = case when %(has_note)s then %(note)s else decision_note end
where playdate_id = %(playdate_id)s and guardian_id = %(guardian_id)s;

-- name: people
-- Participants that the caller may see, with names and kids (playdate_participants_once).
select id, playdate_id, guardian_id, name, role, status, asked, joined_at, decision_note, kids
from people_of_playdates(%(playdate_ids)s) order by role desc, id;

-- name: seats
-- Seats of other guests, and the numbers of approved and pending guests (playdate_participants_once).
select others, approved, pending from seats_of_playdate(%(playdate_id)s, %(guardian_id)s);

-- name: is_busy
-- Whether a family takes part in another playdate at these times (playdate_participants_guardian).
select is_busy(%(guardian_id)s, %(playdate_id)s, %(starts_at)s, %(ends_at)s) as busy;

-- name: facts
-- Facts about a participant for the host (playdate_participants_guardian, friend_links_asker, friend_links_receiver).
select name, is_friend, mutual_friends, past_together, upcoming_same_host
from facts_of_applicant(%(playdate_id)s, %(guardian_id)s);

-- name: concerned
-- Families that take part in a playdate or are asked, the host included (playdate_participants_once).
select p.guardian_id, p.status, p.role
from playdate_participants as p
where p.playdate_id = %(playdate_id)s and (p.status in ('approved', 'pending') or p.guardian_id = %(guardian_id)s)
order by p.guardian_id;

-- name: playdate_of_worker
-- A playdate for a handler (primary key).
select d.id, d.host_id, h.name as host_name, d.title, d.activity, d.location_name, d.description, d.notes, d.starts_at, d.ends_at,
       d.status, d.max_guests, d.version, d.created_at, d.updated_at, 0::bigint as approved, 0::bigint as pending, task_now() as now
from playdates as d join guardians as h on h.id = d.host_id
where d.id = %(playdate_id)s;
