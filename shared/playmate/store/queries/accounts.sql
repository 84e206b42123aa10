-- name: create_guardian
-- Sign-up. The unique indexes on a name's key and on the e-mail address refuse the second of two sign-ups. The statement
-- reads nothing back: row-level security shows the new account only with its credentials.
with new as (
    select nextval('guardians_id_seq') as id
), guardian as (
    insert into guardians (id, name, role) overriding system value select id, %(name)s, %(role)s from new
), proof as (
    insert into credentials (guardian_id, name_key, email, password_hash)
    select id, %(name_key)s, %(email)s, %(password_hash)s from new
)
select id from new;

-- name: find_credentials
-- Login by name (credentials_name_key_key) or e-mail address (credentials_email_key); a name contains no '@', so at most one row.
select g.id, g.name, c.email, g.role, c.password_hash
from credentials as c join guardians as g on g.id = c.guardian_id
where c.name_key = %(sign_in)s or c.email = %(sign_in)s;

-- name: replace_password_hash
-- A hash of older parameters gives way to a new one; guarded by the old hash.
update credentials set password_hash = %(new_hash)s
where guardian_id = %(guardian_id)s and password_hash = %(old_hash)s;

-- name: find_guardian_by_name
-- Friends are asked by name, in any case (credentials_name_key_key); operators are no family.
select g.id, g.name
from credentials as c join guardians as g on g.id = c.guardian_id
where c.name_key = %(name_key)s and g.role = 'guardian';

-- name: get_guardian
-- By primary key.
select g.id, g.name, p.latitude, p.longitude
from guardians as g left join playdate_points as p on p.guardian_id = g.id
where g.id = %(guardian_id)s;

-- name: promote_to_operator
-- By the tables' owner alone: no function's role may change a role. Found as at a login (credentials_name_key_key or
-- credentials_email_key), then by primary key.
update guardians as g set role = 'operator'
from credentials as c
where (c.name_key = %(sign_in)s or c.email = %(sign_in)s) and g.id = c.guardian_id
returning g.id;

-- name: owners_named
-- Accounts whose name begins with a text, for operators (guardians_name). Only this function shows other people's names to the API.
select id, name from owners_named(%(text)s);
