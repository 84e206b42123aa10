-- What only the code before this needed goes, and rights are what the statements of today need.

-- Accounts and points of the time between: signed up, or moved, by the code of before.
insert into credentials (guardian_id, name_key, name_look, email, password_hash)
select id, lower(name), lower(replace(translate(name, 'I10', 'llO'), 'm', 'rn')), email, password_hash
from guardians where email is not null
on conflict do nothing;
insert into playdate_points (guardian_id, latitude, longitude)
select id, playdate_latitude, playdate_longitude from guardians where playdate_latitude is not null
on conflict do nothing;

drop policy known_guardians on guardians;
create policy known_guardians on guardians for select to orchestrator_api using (
    id = acting_guardian()
    or exists (
        select from friend_links as l
        where least(l.asker_id, l.receiver_id) = least(guardians.id, acting_guardian())
          and greatest(l.asker_id, l.receiver_id) = greatest(guardians.id, acting_guardian()) and l.state <> 2
    )
);
drop policy new_password_hash on guardians;
drop policy own_point on guardians;
drop index guardians_name_key;
alter table guardians
    drop column email, drop column password_hash, drop column playdate_latitude, drop column playdate_longitude;

-- The engine remembers who is gone.
insert into closed_owners (owner_id, closed_at) select guardian_id::text, forgotten_at from forgotten_guardians
on conflict do nothing;
drop table forgotten_guardians;

-- One asks in one's own name and without an answer; only who was asked answers. The asker may hold the link, not change it.
drop policy own_links on friend_links;
create policy own_links on friend_links for select to orchestrator_api, orchestrator_worker
    using (acting_guardian() in (asker_id, receiver_id));
create policy new_link on friend_links for insert to orchestrator_worker with check (asker_id = acting_guardian() and state = 0);
create policy answered_link on friend_links for update to orchestrator_worker
    using (acting_guardian() in (asker_id, receiver_id)) with check (receiver_id = acting_guardian());
create policy ended_link on friend_links for delete to orchestrator_worker using (
    case state when 0 then asker_id = acting_guardian() when 1 then acting_guardian() in (asker_id, receiver_id)
               else receiver_id = acting_guardian() end
);

revoke all on guardians, credentials, kids, friend_links, playdate_proposals, availability_calendars, availability_windows
    from orchestrator_api, orchestrator_worker;
grant select, insert (id, name, role) on guardians to orchestrator_api;
grant select, delete on guardians to orchestrator_worker;
grant select, insert, update (password_hash) on credentials to orchestrator_api;
grant select (guardian_id, name_key) on credentials to orchestrator_worker;
grant select, insert (guardian_id, name, age, favorite_activity) on kids to orchestrator_api;
grant select, update (id) on kids to orchestrator_worker;
grant select on friend_links to orchestrator_api;
grant select, insert (asker_id, receiver_id), update (state, answered_at), delete on friend_links to orchestrator_worker;
grant select, insert (guardian_id, time_zone), update (time_zone, updated_at) on availability_calendars to orchestrator_api;
grant select, insert, update (ends), delete on availability_windows to orchestrator_api;
grant select on availability_calendars, availability_windows to orchestrator_worker;
grant select, insert (kid_id, match_kid_id, starts_at, ends_at), update (starts_at, ends_at, proposed_at), delete
    on playdate_proposals to orchestrator_worker;
