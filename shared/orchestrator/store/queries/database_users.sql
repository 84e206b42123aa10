-- name: make_login
-- Makes a function's login, or sees to it that it is a member of its role and may connect; whether it was missing.
SELECT make_login(%(login)s, %(member_of)s, %(becomes)s) AS made;

-- name: set_login_limits
-- Of sessions opened from now on.
SELECT set_login_limits(%(login)s, %(statement)s, %(lock)s, %(standstill)s);

-- name: set_login_connections
-- Of connections opened from now on.
SELECT set_login_connections(%(login)s, %(most)s, %(idle)s);

-- name: set_login_password
-- As the role that made the login.
SELECT set_login_password(%(login)s, %(verifier)s);

-- name: change_own_password
-- By the login itself.
SELECT change_own_password(%(verifier)s);

-- name: admit_owner
-- As the owner that made the roles.
SELECT admit_owner(%(name)s);
