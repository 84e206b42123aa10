-- Roles belong to the owner who migrated first. It lets another owner of the same server give the functions' roles to logins.
CREATE FUNCTION admit_owner(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['api', 'operator', 'worker', 'websocket', 'push', 'sweeper'] LOOP
    PERFORM execute_on_server(format('GRANT %I TO %I WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', 'orchestrator_' || part, name));
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION admit_owner FROM PUBLIC;
