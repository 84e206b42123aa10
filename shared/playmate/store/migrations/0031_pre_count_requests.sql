-- The requests that wait for a guardian's answer. A worker that acts for the asker sees no links of others; it may know the number.
create function requests_to(guardian bigint) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select count(*) from friend_links where receiver_id = guardian and state = 0
$$;
revoke execute on function requests_to from public;
grant execute on function requests_to to orchestrator_worker;
