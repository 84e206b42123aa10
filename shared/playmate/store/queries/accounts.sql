-- name: create_guardian
-- Sign-up; the unique indexes on name and e-mail address decide who came first.
insert into guardians (name, email, password_hash, role)
values (%(name)s, %(email)s, %(password_hash)s, %(role)s)
returning id, name, email, role;

-- name: find_credentials
-- Login by name (guardians_name_key) or e-mail address (guardians_email_key); a name holds no '@', so at most one row.
select id, name, email, role, password_hash
from guardians
where lower(name) = lower(%(identifier)s) or email = lower(%(identifier)s);

-- name: replace_password_hash
-- A hash of older parameters gives way to a new one; guarded by the old hash.
update guardians set password_hash = %(new_hash)s
where id = %(guardian_id)s and password_hash = %(old_hash)s;

-- name: find_guardian_by_name
-- Friends are asked by name, whatever its case (guardians_name_key); operators are no family.
select id, name from guardians where lower(name) = lower(%(name)s) and role = 'guardian';

-- name: get_guardian
-- By primary key.
select id, name, playdate_latitude, playdate_longitude from guardians where id = %(guardian_id)s;
