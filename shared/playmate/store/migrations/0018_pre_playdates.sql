-- Playdates that families agree on: one host, and guests who ask or are invited.

create table playdates (
    id bigint generated always as identity primary key,
    host_id bigint not null references guardians (id) on delete cascade,
    title text not null,
    activity text not null,
    location_name text not null,
    description text,
    notes text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    status text not null default 'scheduled',
    -- Seats for guest families; null for any number.
    max_guests smallint,
    -- One more with each new time: a reminder of an earlier version does nothing.
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint playdates_title_length check (char_length(title) between 1 and 120),
    constraint playdates_activity_length check (char_length(activity) between 1 and 60),
    constraint playdates_location_length check (char_length(location_name) between 1 and 120),
    constraint playdates_texts_length check (char_length(description) <= 2000 and char_length(notes) <= 2000),
    constraint playdates_forward check (starts_at < ends_at),
    constraint playdates_status_known check (status in ('scheduled', 'closed', 'cancelled')),
    constraint playdates_seats check (max_guests between 1 and 50)
);
create index playdates_host on playdates (host_id, starts_at);

create table playdate_participants (
    id bigint generated always as identity primary key,
    playdate_id bigint not null references playdates (id) on delete cascade,
    guardian_id bigint not null references guardians (id) on delete cascade,
    role text not null,
    status text not null,
    -- While pending: the side that has to answer.
    asked text,
    keeps_seat boolean not null default false,
    joined_at timestamptz not null default now(),
    decision_note text,
    constraint playdate_participants_once unique (playdate_id, guardian_id),
    constraint playdate_participants_role_known check (role in ('host', 'guest')),
    constraint playdate_participants_status_known check (status in ('pending', 'approved', 'rejected', 'left')),
    constraint playdate_participants_asked check (coalesce(asked in ('host', 'guest'), false) = (status = 'pending')),
    constraint playdate_participants_seat check (not keeps_seat or status = 'pending'),
    constraint playdate_participants_note_length check (char_length(decision_note) <= 500)
);
create index playdate_participants_guardian on playdate_participants (guardian_id);

-- A seat is given once: rules decide under the lock of the playdate's row, and this refuses any other way.
create function no_seat_twice() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    seats smallint;
begin
    select max_guests into seats from playdates where id = new.playdate_id for update;
    if seats is not null and seats < (
        select count(*) from playdate_participants
        where playdate_id = new.playdate_id and role = 'guest' and (status = 'approved' or keeps_seat)
    ) then
        raise exception 'playdate % has no seat left', new.playdate_id using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger seats_of_participants after insert or update on playdate_participants
    for each row when (new.role = 'guest' and (new.status = 'approved' or new.keeps_seat)) execute function no_seat_twice();

-- Friends for the acting guardian: the host, or an accepted friend of the host.
create function knows_host(host bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select host = acting_guardian() or exists (
        select from friend_links as l
        where least(l.asker_id, l.receiver_id) = least(host, acting_guardian())
          and greatest(l.asker_id, l.receiver_id) = greatest(host, acting_guardian()) and l.state = 1
    )
$$;

alter table playdates enable row level security;
create policy known_playdates on playdates for select to orchestrator_api using (knows_host(host_id));
create policy own_playdates on playdates for insert to orchestrator_api with check (host_id = acting_guardian());
-- A guest locks the row, and only its host changes it.
create policy locked_playdates on playdates for update to orchestrator_api
    using (knows_host(host_id)) with check (host_id = acting_guardian());
create policy all_playdates on playdates for select to orchestrator_worker using (true);

create function hosts(playdate bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from playdates where id = playdate and host_id = acting_guardian())
$$;

alter table playdate_participants enable row level security;
create policy own_participation on playdate_participants for select to orchestrator_api
    using (guardian_id = acting_guardian() or hosts(playdate_id));
create policy new_participation on playdate_participants for insert to orchestrator_api
    with check (hosts(playdate_id) or (guardian_id = acting_guardian() and role = 'guest' and status = 'pending'));
create policy changed_participation on playdate_participants for update to orchestrator_api
    using (guardian_id = acting_guardian() or hosts(playdate_id))
    with check (guardian_id = acting_guardian() or hosts(playdate_id));
create policy all_participations on playdate_participants for select to orchestrator_worker using (true);

grant select, insert (host_id, title, activity, location_name, description, notes, starts_at, ends_at, max_guests),
      update (title, activity, location_name, description, notes, starts_at, ends_at, status, max_guests, version, updated_at)
    on playdates to orchestrator_api;
grant select, insert (playdate_id, guardian_id, role, status, asked, keeps_seat, joined_at),
      update (status, asked, keeps_seat, joined_at, decision_note) on playdate_participants to orchestrator_api;
grant select on playdates, playdate_participants to orchestrator_worker;

-- The participants of a playdate that the acting guardian may see, with names and kids: the host sees all, an approved guest
-- the approved ones, any other friend of the host sees the host and itself. Kids are for the host and approved guests.
create function people_of_playdates(playdate_ids bigint[])
returns table (id bigint, playdate_id bigint, guardian_id bigint, name text, role text, status text, asked text,
               joined_at timestamptz, decision_note text, kids jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
    select p.id, p.playdate_id, p.guardian_id, g.name, p.role, p.status, p.asked, p.joined_at,
           case when p.guardian_id = acting_guardian() or d.host_id = acting_guardian() then p.decision_note end,
           case when d.host_id = acting_guardian() or me.status = 'approved' then (
               select jsonb_agg(jsonb_build_object('name', k.name, 'age', k.age) order by k.id)
               from kids as k where k.guardian_id = p.guardian_id
                 and (p.status in ('approved', 'pending') or p.guardian_id = acting_guardian())) end
    from playdates as d
    join playdate_participants as p on p.playdate_id = d.id
    join guardians as g on g.id = p.guardian_id
    left join playdate_participants as me on me.playdate_id = d.id and me.guardian_id = acting_guardian()
    where d.id = any(playdate_ids) and knows_host(d.host_id)
      and (d.host_id = acting_guardian() or p.role = 'host' or p.guardian_id = acting_guardian()
           or (me.status = 'approved' and p.status = 'approved'))
$$;

-- Seats of guests other than `guardian`, and all approved and pending guests, for a playdate that the caller may see.
create function seats_of_playdate(playdate bigint, guardian bigint)
returns table (others bigint, approved bigint, pending bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select count(*) filter (where p.guardian_id <> guardian and (p.status = 'approved' or p.keeps_seat)),
           count(*) filter (where p.status = 'approved'), count(*) filter (where p.status = 'pending')
    from playdate_participants as p join playdates as d on d.id = p.playdate_id
    where p.playdate_id = playdate and p.role = 'guest' and knows_host(d.host_id)
$$;

-- Whether a family takes part in another playdate at these times. Such questions about one family wait for one another until
-- the transaction ends, so that two playdates at one time cannot both be agreed on.
create function is_busy(guardian bigint, playdate bigint, starts timestamptz, ends timestamptz) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('playdates of ' || guardian, 0));
    return exists (
        select from playdate_participants as p join playdates as d on d.id = p.playdate_id
        where p.guardian_id = guardian and d.id is distinct from playdate and d.status <> 'cancelled'
          and (p.status = 'approved' or p.keeps_seat) and d.starts_at < ends and d.ends_at > starts
    );
end $$;

-- Facts for the host's decision about a family. Points and kids are the host's to know while the two are friends.
create function facts_of_applicant(playdate bigint, applicant bigint)
returns table (name text, is_friend boolean, mutual_friends bigint, past_together bigint, upcoming_same_host bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    with friends as (
        select one, case l.asker_id when one then l.receiver_id else l.asker_id end as friend
        from friend_links as l, unnest(array[acting_guardian(), applicant]) as one
        where l.state = 1 and one in (l.asker_id, l.receiver_id)
    ), together as (
        select d.id, d.ends_at from playdates as d join playdate_participants as p on p.playdate_id = d.id
        where d.host_id = acting_guardian() and p.guardian_id = applicant and p.status = 'approved' and d.status <> 'cancelled'
    )
    select g.name,
           exists (select from friends where one = acting_guardian() and friend = applicant),
           (select count(*) from friends as a join friends as b using (friend)
            where a.one = acting_guardian() and b.one = applicant),
           (select count(*) from together where ends_at <= task_now()),
           (select count(*) from together where ends_at > task_now() and id <> playdate)
    from guardians as g
    where g.id = applicant and hosts(playdate)
$$;

-- The end of a friendship ends the part of each in the other's playdates.
create function playdates_of_link() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from playdate_participants as p using playdates as d
    where d.id = p.playdate_id and p.role = 'guest'
      and (d.host_id, p.guardian_id) in ((old.asker_id, old.receiver_id), (old.receiver_id, old.asker_id));
    return null;
end $$;
create trigger playdates_follow_links after delete on friend_links
    for each row when (old.state = 1) execute function playdates_of_link();

revoke execute on function no_seat_twice, knows_host, hosts, people_of_playdates, seats_of_playdate, is_busy, facts_of_applicant,
    playdates_of_link from public;
grant execute on function knows_host, hosts, people_of_playdates, seats_of_playdate, is_busy, facts_of_applicant
    to orchestrator_api;
