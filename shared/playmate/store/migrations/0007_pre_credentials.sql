-- What somebody signs in with, apart from what friends see of them. A name is found by its key, the same whatever its case,
-- and nobody else may have one of the same look; both are worked out by rules/names.py.

create table credentials (
    guardian_id bigint primary key references guardians on delete cascade,
    name_key text not null,
    name_look text not null,
    email text not null,
    password_hash text not null,
    constraint credentials_email_shape check (email = lower(email) and email like '_%@_%')
);

-- Names that were there before are of ASCII: for those this is what the rules say.
insert into credentials (guardian_id, name_key, name_look, email, password_hash)
select id, lower(name), lower(replace(translate(name, 'I10', 'llO'), 'm', 'rn')), email, password_hash from guardians;

create unique index credentials_name_key_key on credentials (name_key);
create unique index credentials_name_look_key on credentials (name_look);
create unique index credentials_email_key on credentials (email);

alter table guardians alter column email drop not null, alter column password_hash drop not null;

grant select, insert, update (password_hash) on credentials to orchestrator_api;
grant select (guardian_id, name_key) on credentials to orchestrator_worker;
grant usage on sequence guardians_id_seq to orchestrator_api;

alter table credentials enable row level security;
create policy credentials_signing_in on credentials for select to orchestrator_api
    using (name_key = signing_in() or email = signing_in());
create policy new_credentials on credentials for insert to orchestrator_api with check (name_key = signing_in());
create policy new_password_hash on credentials for update to orchestrator_api using (name_key = signing_in() or email = signing_in());
create policy all_names on credentials for select to orchestrator_worker using (true);

-- No other credentials are seen than those that are signing in, so nobody else's account is.
create policy guardian_signing_in on guardians for select to orchestrator_api
    using (exists (select from credentials as c where c.guardian_id = guardians.id));
