-- A kid that is removed is gone from what its family and its friends were told, too.

-- A handler that tells of kids holds their rows (for key share), so that a removal waits for what it tells. That takes
-- the right to update, which the policy gives back: every row may be held, none changed.
grant update (id) on kids to orchestrator_worker;
create policy held_kids on kids for update to orchestrator_worker using (true) with check (false);

-- Removes a kid of the acting guardian with every recommendation and suggestion that names it, the guardian's own and the
-- friends'; false: there is no such kid. With the rights of the tables' owner: the API changes no results by itself.
create function remove_kid(kid bigint) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gone kids;
    told text[];
begin
    delete from kids where id = kid and guardian_id = acting_guardian() returning * into gone;
    if gone.id is null then
        return false;
    end if;
    select array_agg(case asker_id when gone.guardian_id then receiver_id else asker_id end::text) || gone.guardian_id::text
    into told
    from friend_links where gone.guardian_id in (asker_id, receiver_id) and state = 1;

    -- Recommendations: less the pairs with the kid, or gone where there is no other pair.
    with named as (
        select t.id, jsonb_agg(pair order by place) filter (where not kid::text in (pair ->> 'kidId', pair ->> 'matchId')) as others
        from agent_tasks as t cross join jsonb_array_elements(t.result -> 'recommendations') with ordinality as p (pair, place)
        where t.owner_id = any(told) and t.type = 'friend.recommendations' and t.finished_at is not null
        group by t.id
        having bool_or(kid::text in (pair ->> 'kidId', pair ->> 'matchId'))
    ), emptied as (
        delete from agent_tasks as t using named where t.id = named.id and named.others is null
    ), lessened as (
        update agent_tasks as t
        set result = t.result || jsonb_build_object(
            'recommendations', named.others, 'headline', 'Playdates to plan with ' || (t.result ->> 'friendName'))
        from named where t.id = named.id and named.others is not null
    )
    update agent_task_events as e set data = null from named where e.task_id = named.id;

    -- Plans: less the suggestions for the kid, and those of friends' kids to meet it.
    with named as (
        select t.id, coalesce(jsonb_agg(one order by place) filter (where not names), '[]') as others
        from agent_tasks as t
        cross join jsonb_array_elements(t.result -> 'availabilityPlan' -> 'suggestions') with ordinality as s (one, place)
        cross join lateral (
            select coalesce(one ->> 'kidId' = kid::text
                            or (one ->> 'friendId' = gone.guardian_id::text and one ->> 'matchName' = gone.name), false) as names
        ) as telling
        where t.owner_id = any(told) and t.type = 'location.playdate.update' and t.finished_at is not null
        group by t.id
        having bool_or(names)
    ), lessened as (
        update agent_tasks as t
        set result = jsonb_set(t.result, '{availabilityPlan}', jsonb_build_object(
            'message', 'Times in the next two weeks.', 'suggestions', named.others))
        from named where t.id = named.id
    )
    update agent_task_events as e set data = null from named where e.task_id = named.id;
    return true;
end $$;

revoke execute on function remove_kid from public;
grant execute on function remove_kid to orchestrator_api;
