-- Logins: each function has one of its own, a member of its role. A deploy makes them; each may change its own password.
-- Only verifiers come here: the clear password never leaves the client.
CREATE DOMAIN scram_verifier AS text CHECK (VALUE ~ '^SCRAM-SHA-256\$\d+:[^$]+\$[^:]+:.+$');

-- Roles belong to the whole server, where no lock of ours reaches: who loses a race with another database tries again.
CREATE FUNCTION execute_on_server(statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR try IN 1..20 LOOP
    BEGIN
      EXECUTE statement;
      RETURN;
    EXCEPTION WHEN unique_violation OR internal_error THEN -- the latter is "tuple concurrently updated"
      IF try = 20 THEN RAISE; END IF;
    END;
  END LOOP;
END $$;

-- Whether it was missing. Without a password until it is given one.
CREATE FUNCTION make_login(login text, member_of text, becomes text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE made boolean := true;
BEGIN
  IF octet_length(login) > 63 THEN
    RAISE 'the login % has more than 63 bytes in its name, which is all Postgres keeps; the stack needs a shorter one', login
      USING ERRCODE = 'name_too_long';
  END IF;
  BEGIN
    PERFORM execute_on_server(format('CREATE ROLE %I LOGIN', login));
  EXCEPTION WHEN duplicate_object THEN
    made := false;
  END;
  IF NOT EXISTS (
    SELECT FROM pg_roles WHERE rolname = login AND rolcanlogin
      AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
  ) THEN
    RAISE 'the role % is no function''s login: it may more than one, or cannot log in', login
      USING ERRCODE = 'duplicate_object';
  END IF;
  PERFORM execute_on_server(format('GRANT %I TO %I WITH INHERIT TRUE, SET FALSE', member_of, login));
  IF becomes IS NOT NULL THEN
    PERFORM execute_on_server(format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', becomes, login));
  END IF;
  PERFORM execute_on_server(format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), login));
  RETURN made;
END $$;

CREATE FUNCTION set_login_password(login text, verifier scram_verifier) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM execute_on_server(format('ALTER ROLE %I PASSWORD %L', login, verifier));
END $$;

CREATE FUNCTION change_own_password(verifier scram_verifier) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER ROLE CURRENT_USER PASSWORD %L', verifier);
END $$;

REVOKE EXECUTE ON FUNCTION execute_on_server, make_login, set_login_password, change_own_password FROM PUBLIC;
GRANT EXECUTE ON FUNCTION change_own_password
  TO orchestrator_api, orchestrator_worker, orchestrator_websocket, orchestrator_push, orchestrator_sweeper;

-- A login of another stack on this server is a member of the same roles; it has no business in here.
DO $$
BEGIN
  EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database());
END $$;
