-- Sessions that their owner ended: one (sign-out), or all of an owner's that began before (sign out everywhere, a new password).

-- One row per signed-out session, until no token of it can be valid.
CREATE TABLE ended_sessions (
  owner_id text NOT NULL,
  session  text NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT task_now(),
  PRIMARY KEY (owner_id, session)
);
CREATE INDEX ended_session_age ON ended_sessions (ended_at);

-- A session belongs to the generation of its sign-in; sessions of an earlier generation have ended. No row: generation 0.
CREATE TABLE session_generations (
  owner_id   text PRIMARY KEY,
  generation integer NOT NULL
);

GRANT SELECT, INSERT (owner_id, session) ON ended_sessions TO orchestrator_api;
GRANT SELECT, INSERT (owner_id, generation), UPDATE (generation) ON session_generations TO orchestrator_api;
GRANT SELECT, DELETE ON ended_sessions, session_generations TO orchestrator_worker;
GRANT SELECT, DELETE ON ended_sessions TO orchestrator_sweeper;

ALTER TABLE ended_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_ended_sessions ON ended_sessions TO orchestrator_api, orchestrator_worker
  USING (owner_id IN (acting_owner(), current_setting('orchestrator.caller', true)));
CREATE POLICY all_ended_sessions ON ended_sessions TO orchestrator_sweeper USING (true);
ALTER TABLE session_generations ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_generation ON session_generations TO orchestrator_api, orchestrator_worker
  USING (owner_id IN (acting_owner(), current_setting('orchestrator.caller', true)));

-- Begins a transaction for a caller: settings that policies read, and a role. A caller whose account is closed, or whose
-- session has ended, is refused. The shared lock lets an erasure, or the end of a session, wait for requests under way.
CREATE OR REPLACE FUNCTION act(settings json) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  caller text := settings ->> 'orchestrator.caller';
  owner text := coalesce(caller, settings ->> 'orchestrator.owner');
BEGIN
  PERFORM set_config(key, value, true) FROM json_each_text(settings);
  IF caller IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock_shared(owner_lock(caller));
    IF EXISTS (SELECT FROM closed_owners WHERE owner_id = caller) THEN
      RAISE 'the account is closed' USING ERRCODE = 'invalid_authorization_specification';
    END IF;
  END IF;
  IF settings ->> 'orchestrator.session' IS NOT NULL THEN -- by itself: other roles may not read these tables
    IF EXISTS (SELECT FROM ended_sessions e WHERE e.owner_id = owner AND e.session = settings ->> 'orchestrator.session')
       OR EXISTS (SELECT FROM session_generations g
                  WHERE g.owner_id = owner AND g.generation > (settings ->> 'orchestrator.generation')::integer) THEN
      RAISE 'the session has ended' USING ERRCODE = 'invalid_authorization_specification';
    END IF;
  END IF;
END $$;
