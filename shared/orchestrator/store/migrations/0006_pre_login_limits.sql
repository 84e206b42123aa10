-- How long a login's statements may run and wait for a lock, and how long its transactions may stand still: a function whose
-- machine is gone without a word keeps its locks no longer than it could have worked itself. Milliseconds.
CREATE FUNCTION set_login_limits(login text, statement integer, lock integer, standstill integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE login_here text := format('ALTER ROLE %I IN DATABASE %I', login, current_database());
BEGIN
  PERFORM execute_on_server(format('%s SET statement_timeout = %s', login_here, statement));
  PERFORM execute_on_server(format('%s SET lock_timeout = %s', login_here, lock));
  PERFORM execute_on_server(format('%s SET idle_in_transaction_session_timeout = %s', login_here, standstill));
END $$;
REVOKE EXECUTE ON FUNCTION set_login_limits FROM PUBLIC;
