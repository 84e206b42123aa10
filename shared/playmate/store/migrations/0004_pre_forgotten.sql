-- Accounts that were erased at their guardian's wish: the number and the moment, nothing else.

create table forgotten_guardians (
    guardian_id bigint primary key,
    forgotten_at timestamptz not null default now()
);
