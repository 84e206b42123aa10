-- What the API and the workers may do with families, whatever a query says. The roles are the orchestrator's; the tables'
-- owner, who only migrates, is not bound by the policies.

-- The guardian this transaction is for; null for anybody else, as an account of somebody else's issuer.
create function acting_guardian() returns bigint language sql stable as $$
    select case when acting_owner() ~ '^[0-9]{1,18}$' then acting_owner()::bigint end
$$;

-- The name or e-mail address somebody gives before we know them: SET LOCAL playmate.signing_in.
create function signing_in() returns text language sql stable as $$
    select lower(current_setting('playmate.signing_in', true))
$$;

-- Hashes are read by who signs people in, and nobody is made an operator through the API.
grant select, insert, update (password_hash) on guardians to orchestrator_api;
grant select (id, name, role, playdate_latitude, playdate_longitude), update (playdate_latitude, playdate_longitude), delete
    on guardians to orchestrator_worker;
grant select, insert, delete on kids to orchestrator_api;
grant select on kids to orchestrator_worker;
grant select on friend_links to orchestrator_api;
grant select, insert, update, delete on friend_links to orchestrator_worker;
grant select, insert, update, delete on availability_calendars, availability_windows to orchestrator_api;
grant select on availability_calendars, availability_windows to orchestrator_worker;
grant select, insert, update, delete on playdate_proposals to orchestrator_worker;
grant select on knowledge_documents to orchestrator_worker;
grant select, insert, update, delete on knowledge_documents to orchestrator_operator;
grant select, insert on forgotten_guardians to orchestrator_worker;

alter table friend_links enable row level security;
create policy own_links on friend_links to orchestrator_api, orchestrator_worker
    using (acting_guardian() in (asker_id, receiver_id));

-- One's own account, the one that is signing in, and those one is linked with. Agents look people up by name.
alter table guardians enable row level security;
create policy known_guardians on guardians for select to orchestrator_api using (
    id = acting_guardian() or lower(name) = signing_in() or email = signing_in()
    or exists (
        select from friend_links as l
        where least(l.asker_id, l.receiver_id) = least(guardians.id, acting_guardian())
          and greatest(l.asker_id, l.receiver_id) = greatest(guardians.id, acting_guardian()) and l.state <> 2
    )
);
create policy new_guardian on guardians for insert to orchestrator_api with check (role = 'guardian');
create policy new_password_hash on guardians for update to orchestrator_api using (lower(name) = signing_in() or email = signing_in());
create policy all_guardians on guardians for select to orchestrator_worker using (true);
create policy own_point on guardians for update to orchestrator_worker using (id = acting_guardian());
create policy own_end on guardians for delete to orchestrator_worker using (id = acting_guardian());

-- A planner sees its friends' families, and whom else those are meeting.
alter table kids enable row level security;
create policy own_kids on kids to orchestrator_api using (guardian_id = acting_guardian());
create policy friends_kids on kids for select to orchestrator_api using (
    exists (
        select from friend_links as l
        where least(l.asker_id, l.receiver_id) = least(kids.guardian_id, acting_guardian())
          and greatest(l.asker_id, l.receiver_id) = greatest(kids.guardian_id, acting_guardian()) and l.state = 1
    )
);
create policy all_kids on kids for select to orchestrator_worker using (true);

alter table availability_calendars enable row level security;
create policy own_calendar on availability_calendars to orchestrator_api using (guardian_id = acting_guardian());
create policy all_calendars on availability_calendars for select to orchestrator_worker using (true);

alter table availability_windows enable row level security;
create policy own_windows on availability_windows to orchestrator_api using (guardian_id = acting_guardian());
create policy all_windows on availability_windows for select to orchestrator_worker using (true);

alter table playdate_proposals enable row level security;
create policy all_proposals on playdate_proposals for select to orchestrator_worker using (true);
create policy own_kids_proposals on playdate_proposals to orchestrator_worker using (
    exists (
        select from kids as k
        where k.id in (playdate_proposals.kid_id, playdate_proposals.match_kid_id) and k.guardian_id = acting_guardian()
    )
);
