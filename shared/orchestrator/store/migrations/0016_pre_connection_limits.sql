-- How many connections a login may have, so that a burst of requests leaves some for workers, the sweeper and deploys; and
-- after how many milliseconds Postgres ends a session that does nothing (0: never).
CREATE FUNCTION set_login_connections(login text, most integer, idle integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM execute_on_server(format('ALTER ROLE %I CONNECTION LIMIT %s', login, most));
  PERFORM execute_on_server(format('ALTER ROLE %I IN DATABASE %I SET idle_session_timeout = %s', login, current_database(), idle));
END $$;
REVOKE EXECUTE ON FUNCTION set_login_connections FROM PUBLIC;
