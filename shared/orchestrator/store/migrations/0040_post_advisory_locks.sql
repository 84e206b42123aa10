-- Every request of an owner takes the owner's advisory lock. A login that needs no such lock must not be able to hold it.
-- The functions belong to the server: only a superuser takes them from everybody. RDS gives those rights to nobody.
DO $$
DECLARE one regprocedure;
BEGIN
  FOR one IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_'
             AND pg_has_role(current_user, proowner, 'USAGE') LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', one);
    IF one IN ('pg_advisory_xact_lock(bigint)'::regprocedure, 'pg_advisory_xact_lock_shared(bigint)'::regprocedure) THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO orchestrator_api, orchestrator_worker', one);
    END IF;
  END LOOP;
END $$;
