-- The newest recommendations of a guardian about a friend are a row of their own. They are outdated when the row's number of
-- changes is above the number at which they were made.

create table friend_recommendations (
    guardian_id bigint not null references guardians (id) on delete cascade,
    friend_id bigint not null references guardians (id) on delete cascade,
    task_id uuid,
    made_at timestamptz,
    result jsonb,
    -- The number of changes so far, and the numbers at which the result was made and a renewal was asked for.
    changes bigint not null default 1,
    made_changes bigint not null default 0,
    asked_changes bigint not null default 0,
    changed_at timestamptz not null default now(),
    asked_at timestamptz,
    primary key (guardian_id, friend_id)
);
create index friend_recommendations_friend on friend_recommendations (friend_id);

alter table friend_recommendations enable row level security;
create policy own_recommendations on friend_recommendations for select to orchestrator_api using (guardian_id = acting_guardian());
create policy recommendations_of_both on friend_recommendations for select to orchestrator_worker
    using (acting_guardian() in (guardian_id, friend_id));
create policy renewed_recommendations on friend_recommendations for update to orchestrator_worker
    using (acting_guardian() in (guardian_id, friend_id)) with check (acting_guardian() in (guardian_id, friend_id));
grant select on friend_recommendations to orchestrator_api, orchestrator_worker;
grant update (task_id, made_at, result, made_changes, asked_changes, asked_at) on friend_recommendations to orchestrator_worker;

-- Mark the recommendations of a guardian, and those of the guardian's friends about this family. A family that has only been
-- asked does not notice. Rows are locked in the order of their key.
create function recommendations_changed(guardian bigint) returns void
language sql security definer set search_path = public, pg_temp as $$
    update friend_recommendations set changes = changes + 1, changed_at = task_now()
    where (guardian_id, friend_id) in (
        select r.guardian_id, r.friend_id from friend_recommendations as r
        where r.guardian_id = guardian or (r.friend_id = guardian and exists (
            select from friend_links as l
            where least(l.asker_id, l.receiver_id) = least(r.guardian_id, r.friend_id)
              and greatest(l.asker_id, l.receiver_id) = greatest(r.guardian_id, r.friend_id) and l.state = 1
        ))
        order by r.guardian_id, r.friend_id for update
    );
$$;

-- Both families have a row from the request on. The asker's stays after a refusal, which the asker does not learn of.
create function recommendations_of_link() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        delete from friend_recommendations
        where (guardian_id, friend_id) in ((old.asker_id, old.receiver_id), (old.receiver_id, old.asker_id));
    elsif new.state = 2 then
        delete from friend_recommendations where guardian_id = new.receiver_id and friend_id = new.asker_id;
    else
        insert into friend_recommendations (guardian_id, friend_id, changed_at)
        values (least(new.asker_id, new.receiver_id), greatest(new.asker_id, new.receiver_id), task_now()),
               (greatest(new.asker_id, new.receiver_id), least(new.asker_id, new.receiver_id), task_now())
        on conflict (guardian_id, friend_id) do update
        set changes = friend_recommendations.changes + 1, changed_at = task_now();
    end if;
    return null;
end $$;

-- A kid that is gone is in no recommendation from that moment on.
create function recommendations_of_kid() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        update friend_recommendations as r
        set result = jsonb_set(r.result, '{recommendations}', coalesce((
            select jsonb_agg(pair order by place)
            from jsonb_array_elements(r.result -> 'recommendations') with ordinality as p (pair, place)
            where not old.id::text in (pair ->> 'kidId', pair ->> 'matchId')), '[]'))
        where old.guardian_id in (r.guardian_id, r.friend_id) and r.result is not null;
    end if;
    perform recommendations_changed(case tg_op when 'DELETE' then old.guardian_id else new.guardian_id end);
    return null;
end $$;

create function recommendations_of_family() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform recommendations_changed(new.guardian_id);
    return null;
end $$;

create trigger recommendations_follow_links after insert or update of state or delete on friend_links
    for each row execute function recommendations_of_link();
create trigger recommendations_follow_kids after insert or delete on kids for each row execute function recommendations_of_kid();
create trigger recommendations_follow_hours after insert or update on availability_calendars
    for each row execute function recommendations_of_family();
create trigger recommendations_follow_new_points after insert on playdate_points
    for each row execute function recommendations_of_family();
create trigger recommendations_follow_moves after update on playdate_points
    for each row when (old.* is distinct from new.*) execute function recommendations_of_family();
create trigger recommendations_follow_reach after update of reach_km on plans
    for each row when (old.reach_km <> new.reach_km) execute function recommendations_of_family();

revoke execute on function recommendations_changed, recommendations_of_link, recommendations_of_kid, recommendations_of_family
    from public;

-- Links from before: everybody's recommendations are to be made.
insert into friend_recommendations (guardian_id, friend_id)
select asker_id, receiver_id from friend_links
union all
select receiver_id, asker_id from friend_links where state <> 2;
