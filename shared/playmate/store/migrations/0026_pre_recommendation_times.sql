-- The earliest time that a row's result proposes: the system renews a row when that time has passed.
alter table friend_recommendations add column starts_at timestamptz;

create function recommendations_proposed() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    select min((pair ->> 'startsAt')::timestamptz) into new.starts_at
    from jsonb_array_elements(new.result -> 'recommendations') as pair;
    return new;
end $$;
create trigger recommendations_keep_times before update of result on friend_recommendations
    for each row execute function recommendations_proposed();
revoke execute on function recommendations_proposed from public;

update friend_recommendations set result = result where result is not null;
create index friend_recommendations_starts on friend_recommendations (starts_at) where starts_at is not null;

-- Families with a time that has passed, in the order of their ids: of each pair of rows the family of the lower id.
create function families_with_passed_times(after bigint, most bigint) returns setof bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select distinct least(guardian_id, friend_id) from friend_recommendations
    where starts_at <= task_now() and least(guardian_id, friend_id) > after
    order by 1 limit most
$$;
revoke execute on function families_with_passed_times from public;
grant execute on function families_with_passed_times to orchestrator_worker;
