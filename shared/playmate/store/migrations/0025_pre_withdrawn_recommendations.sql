-- A withdrawn request has no recommendations, as if its link were deleted. When the asker repeats a refused request, only the
-- asker has them: the family that refused does not notice.
create or replace function recommendations_of_link() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    link friend_links := case tg_op when 'DELETE' then old else new end;
    repeated boolean := tg_op = 'UPDATE' and old.state = 3 and new.state = 2;
begin
    if tg_op = 'DELETE' or link.state = 3 then
        delete from friend_recommendations
        where (guardian_id, friend_id) in ((link.asker_id, link.receiver_id), (link.receiver_id, link.asker_id));
    elsif link.state = 2 and not repeated then
        delete from friend_recommendations where guardian_id = link.receiver_id and friend_id = link.asker_id;
    else
        insert into friend_recommendations (guardian_id, friend_id, changed_at)
        select pair.guardian_id, pair.friend_id, task_now()
        from (values (link.asker_id, link.receiver_id), (link.receiver_id, link.asker_id)) as pair (guardian_id, friend_id)
        where not repeated or pair.guardian_id = link.asker_id
        order by pair.guardian_id
        on conflict (guardian_id, friend_id) do update
        set changes = friend_recommendations.changes + 1, changed_at = task_now();
    end if;
    return null;
end $$;
