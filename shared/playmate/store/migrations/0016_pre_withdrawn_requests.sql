-- A refused request that its asker withdraws keeps the refusal: otherwise the asker learns of it by withdrawing.
alter table friend_links drop constraint friend_links_state_known;
alter table friend_links add constraint friend_links_state_known check (state in (0, 1, 2, 3));
comment on column friend_links.state is '0 pending, 1 accepted, 2 refused, 3 refused and withdrawn by the asker';

drop policy answered_link on friend_links;
create policy answered_link on friend_links for update to orchestrator_worker
    using (acting_guardian() in (asker_id, receiver_id))
    with check (receiver_id = acting_guardian() or (asker_id = acting_guardian() and state in (2, 3)));

drop policy known_guardians on guardians;
create policy known_guardians on guardians for select to orchestrator_api using (
    id = acting_guardian()
    or exists (
        select from friend_links as l
        where least(l.asker_id, l.receiver_id) = least(guardians.id, acting_guardian())
          and greatest(l.asker_id, l.receiver_id) = greatest(guardians.id, acting_guardian())
          and (l.state in (0, 1) or (l.state = 2 and l.asker_id = acting_guardian()))
    )
);
