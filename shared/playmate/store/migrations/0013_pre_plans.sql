-- The plan is a resource of its own: what is suggested to a family, how far it travels, and whether the plan still holds.

create table plans (
    guardian_id bigint primary key references guardians (id) on delete cascade,
    reach_km smallint not null default 15 constraint plans_reach_km check (reach_km between 1 and 1000),
    -- The zone of the family's device, for as long as neither its hours nor its point name one.
    home_zone text,
    planned_at timestamptz,
    changed_at timestamptz,
    message text,
    suggestions jsonb not null default '[]',
    too_far jsonb not null default '[]'
);

alter table plans enable row level security;
create policy own_plan on plans to orchestrator_api, orchestrator_worker
    using (guardian_id = acting_guardian()) with check (guardian_id = acting_guardian());
create policy zones_of_friends on plans for select to orchestrator_worker using (true);
grant select, insert (guardian_id, reach_km, home_zone), update (reach_km, home_zone, changed_at) on plans to orchestrator_api;
grant select, insert (guardian_id, planned_at, message, suggestions, too_far),
      update (planned_at, changed_at, message, suggestions, too_far) on plans to orchestrator_worker;

-- Mark the plans of a guardian and of the guardian's friends as out of date. Rows are locked in the order of their ids.
create function plans_changed(guardian bigint) returns void
language sql security definer set search_path = public, pg_temp as $$
    update plans set changed_at = clock_timestamp()
    where guardian_id in (
        select p.guardian_id from plans as p
        where p.planned_at is not null and (p.guardian_id = guardian or exists (
            select from friend_links as l
            where l.state = 1 and guardian in (l.asker_id, l.receiver_id) and p.guardian_id in (l.asker_id, l.receiver_id)
        ))
        order by p.guardian_id for update
    );
$$;

-- Take the suggestions that name a family, or one of its kids, out of the plan of another one.
create function plan_without(planner bigint, friend bigint, kid bigint) returns void
language sql security definer set search_path = public, pg_temp as $$
    update plans as p set
        suggestions = coalesce((
            select jsonb_agg(one order by place) from jsonb_array_elements(p.suggestions) with ordinality as s (one, place)
            where not (case when kid is null
                then friend::text in (one ->> 'friendId', one -> 'noTimeWith' ->> 'friendId')
                else kid::text in (one ->> 'kidId', one ->> 'matchId') end) is true), '[]'),
        too_far = coalesce((
            select jsonb_agg(one order by place) from jsonb_array_elements(p.too_far) with ordinality as s (one, place)
            where kid is not null or one ->> 'friendId' <> friend::text), '[]'),
        changed_at = clock_timestamp()
    where p.guardian_id = planner and p.planned_at is not null;
$$;

create function friends_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        if old.state = 1 then
            perform plan_without(least(old.asker_id, old.receiver_id), greatest(old.asker_id, old.receiver_id), null);
            perform plan_without(greatest(old.asker_id, old.receiver_id), least(old.asker_id, old.receiver_id), null);
        end if;
    elsif new.state = 1 then
        update plans set changed_at = clock_timestamp() where guardian_id in (
            select guardian_id from plans where guardian_id in (new.asker_id, new.receiver_id) and planned_at is not null
            order by guardian_id for update);
    end if;
    return null;
end $$;

create function kids_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        perform plan_without(p.guardian_id, old.guardian_id, old.id)
        from plans as p
        where p.guardian_id = old.guardian_id or exists (
            select from friend_links as l
            where l.state = 1 and old.guardian_id in (l.asker_id, l.receiver_id) and p.guardian_id in (l.asker_id, l.receiver_id))
        order by p.guardian_id;
    end if;
    perform plans_changed(case tg_op when 'DELETE' then old.guardian_id else new.guardian_id end);
    return null;
end $$;

create function family_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform plans_changed(new.guardian_id);
    return null;
end $$;

create trigger plans_follow_friends after insert or update of state or delete on friend_links
    for each row execute function friends_changed();
create trigger plans_follow_kids after insert or delete on kids for each row execute function kids_changed();
create trigger plans_follow_hours after insert or update on availability_calendars for each row execute function family_changed();
create trigger plans_follow_points after insert or update on playdate_points for each row execute function family_changed();

revoke execute on function plans_changed, plan_without, friends_changed, kids_changed, family_changed from public;
