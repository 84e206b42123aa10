-- Owners who have had everything of theirs erased: the id and the moment, nothing else. Their tokens live on for minutes.
CREATE TABLE closed_owners (
  owner_id  text PRIMARY KEY,
  closed_at timestamptz NOT NULL DEFAULT task_now()
);
GRANT SELECT ON closed_owners TO orchestrator_api, orchestrator_websocket;
GRANT INSERT (owner_id) ON closed_owners TO orchestrator_worker;

-- The API asks for its caller; a ticket shows whose it is when it is spent.
ALTER TABLE closed_owners ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_end ON closed_owners FOR SELECT TO orchestrator_api
  USING (owner_id = current_setting('orchestrator.caller', true));
CREATE POLICY all_ends ON closed_owners FOR SELECT TO orchestrator_websocket USING (true);
CREATE POLICY new_end ON closed_owners FOR INSERT TO orchestrator_worker WITH CHECK (owner_id = acting_owner());

-- The number of the advisory lock that an owner's requests share and the owner's erasure has alone.
CREATE FUNCTION owner_lock(owner text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT hashtextextended(owner, 7236452) $$;

-- Begins a transaction for somebody: settings that policies read, and a role. A caller whose account is closed is refused;
-- what one has begun ends before the erasure looks for what there is.
CREATE FUNCTION act(settings json) RETURNS void LANGUAGE plpgsql AS $$
DECLARE caller text := settings ->> 'orchestrator.caller';
BEGIN
  PERFORM set_config(key, value, true) FROM json_each_text(settings);
  IF caller IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock_shared(owner_lock(caller));
    IF EXISTS (SELECT FROM closed_owners WHERE owner_id = caller) THEN
      RAISE 'the account is closed' USING ERRCODE = 'invalid_authorization_specification';
    END IF;
  END IF;
END $$;
