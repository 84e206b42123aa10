-- A refusal is not told: the asker still sees the guardian who was asked.
drop policy known_guardians on guardians;
create policy known_guardians on guardians for select to orchestrator_api using (
    id = acting_guardian()
    or exists (
        select from friend_links as l
        where least(l.asker_id, l.receiver_id) = least(guardians.id, acting_guardian())
          and greatest(l.asker_id, l.receiver_id) = greatest(guardians.id, acting_guardian())
          and (l.state <> 2 or l.asker_id = acting_guardian())
    )
);
