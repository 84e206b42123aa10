"""No state that a handler leaves on its session outlives the attempt."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.model.states import Status
from tests.support.engine import Engine

CHANGES = [
    "SET statement_timeout = '7s'",
    "SET LOCAL statement_timeout = '7s'",
    "SET lock_timeout = '7s'",
    "SET idle_in_transaction_session_timeout = '7s'",
    "SET search_path = ''",
    "SET LOCAL search_path = ''",
    "SET default_transaction_read_only = on",
    "SET TIME ZONE 'Asia/Kathmandu'",
    "SET datestyle = 'SQL, DMY'",
    "SET orchestrator.now = '2050-01-01T00:00:00Z'",
    "SET orchestrator.owner = '2'",
    "SET row_security = off",
    "SET session_replication_role = replica",
    "SET ROLE pg_read_all_data",
    "SELECT set_config('statement_timeout', '7s', false)",
    "DO $$ BEGIN PERFORM set_config('statement_timeout', '7000', false); END $$",
    "SELECT pg_advisory_lock(7)",
    "SELECT pg_try_advisory_lock(7)",
    "LISTEN everything",
    "PREPARE mine AS SELECT 1",
    "DECLARE mine CURSOR WITH HOLD FOR SELECT 1",
    "DEALLOCATE ALL",
    "SELECT 1; SET statement_timeout = '7s'",
]
#: Changes inside a function of the database: no statement of the handler names them.
HIDDEN = [
    "SET statement_timeout = '7s'",
    "SET lock_timeout = '7s'",
    "SET search_path = ''",
    "SET default_transaction_read_only = on",
    "SET TIME ZONE 'Asia/Kathmandu'",
    "SET work_mem = '64kB'",
    "SET orchestrator.now = '2050-01-01T00:00:00Z'",
    "SET orchestrator.owner = '2'",
    "SET ROLE orchestrator_worker",
    "LISTEN everything",
    "PREPARE mine AS SELECT 1",
    "DECLARE mine CURSOR WITH HOLD FOR SELECT 1",
]
HIDES = "CREATE FUNCTION change(change text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE change; END $$"
#: Everything that a session can leave behind.
STATE = """
SELECT array_to_string(ARRAY(
         SELECT name || '=' || setting FROM pg_settings
         WHERE source = 'session' AND name <> 'application_name' AND name NOT LIKE 'orchestrator.%%' ORDER BY name
       ), ',') AS settings,
       current_user::text AS role, current_setting('TimeZone') AS zone,
       current_setting('orchestrator.owner', true) AS owner, current_setting('orchestrator.now', true) AS clock,
       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())::int AS locks,
       (SELECT count(*) FROM pg_listening_channels())::int AS channels,
       (SELECT count(*) FROM pg_prepared_statements WHERE from_sql)::int AS prepared,
       (SELECT count(*) FROM pg_cursors)::int AS cursors
"""


def state(engine: Engine) -> dict[str, Any]:
    found = engine.worker.db.connection().execute(STATE).fetchone()
    assert found is not None
    return {**found, "owner": found["owner"] or "", "clock": found["clock"] or ""}


@pytest.mark.parametrize("sql", CHANGES)
def test_no_change_of_the_session_outlives_its_attempt(engine: Engine, sql: str) -> None:
    before = state(engine)
    before_them = [engine.submit(max_attempts=1).id for _ in range(2)]
    changer = engine.submit("test.odd", {"do": "sql", "sql": sql}, max_attempts=1).id
    after_them = [engine.submit(owner="2", max_attempts=1).id for _ in range(3)]
    engine.worker.pace.update({"test.odd": 0.001, "test.effect": 0.001})
    engine.run(*before_them, changer, *after_them)
    for each in (*before_them, *after_them):
        assert (engine.task(each).status, engine.effects(each)) == (Status.COMPLETED, 1), engine.task(each).error
    assert state(engine) == before
    assert engine.task(changer).status in (Status.COMPLETED, Status.DEAD_LETTER)
    assert engine.effects(changer) == (engine.task(changer).status is Status.COMPLETED)


@pytest.mark.parametrize("change", HIDDEN)
def test_no_change_inside_a_function_outlives_its_attempt(engine: Engine, change: str) -> None:
    engine.db.connection().execute(HIDES)
    before = state(engine)
    before_it = [engine.submit(max_attempts=1).id for _ in range(2)]
    sql = f"SELECT change($change${change}$change$)"
    changer = engine.submit("test.odd", {"do": "sql", "sql": sql}, max_attempts=1).id
    after_it = [engine.submit(owner="2", max_attempts=1).id for _ in range(3)]
    engine.worker.pace.update({"test.odd": 0.001, "test.effect": 0.001})
    engine.run(*before_it, changer, *after_it)
    for each in (*before_it, *after_it):
        assert (engine.task(each).status, engine.effects(each)) == (Status.COMPLETED, 1), engine.task(each).error
    assert state(engine) == before
    assert engine.task(changer).status in (Status.COMPLETED, Status.DEAD_LETTER)
    assert engine.effects(changer) == (engine.task(changer).status is Status.COMPLETED)


@pytest.mark.parametrize(
    "change", ["SET statement_timeout = '7s'", "SET TIME ZONE 'Asia/Kathmandu'", "SET ROLE orchestrator_worker"]
)
def test_no_change_of_the_last_handler_outlives_its_batch(engine: Engine, change: str) -> None:
    """No other handler begins after it, whose savepoint would reset the session."""
    engine.db.connection().execute(HIDES)
    before = state(engine)
    changer = engine.submit("test.odd", {"do": "sql", "sql": f"SELECT change($change${change}$change$)"}).id
    engine.run(changer)
    assert state(engine) == before


def test_no_change_inside_a_function_reaches_the_next_handler(engine: Engine) -> None:
    engine.db.connection().execute(HIDES)
    change = "SELECT change($change$SET TIME ZONE 'Asia/Kathmandu'$change$)"
    fails_with_it = "SELECT 1 / (current_setting('TimeZone') <> 'Asia/Kathmandu')::int"
    changer = engine.submit("test.odd", {"do": "sql", "sql": change}, max_attempts=1).id
    neighbour = engine.submit("test.odd", {"do": "sql", "sql": fails_with_it}, owner="2", max_attempts=1).id
    engine.worker.pace.update({"test.odd": 0.001})
    engine.run(changer, neighbour)
    assert [engine.task(each).status for each in (changer, neighbour)] == [Status.COMPLETED] * 2


@pytest.mark.parametrize("do", ["raw-set", "low-set"])
def test_no_change_below_the_engines_cursor_outlives_its_attempt(engine: Engine, do: str) -> None:
    before = state(engine)
    changer = engine.submit("test.odd", {"do": do}, max_attempts=1).id
    after_it = [engine.submit(max_attempts=1).id for _ in range(2)]
    engine.worker.pace.update({"test.odd": 0.001, "test.effect": 0.001})
    engine.run(changer, *after_it)
    assert [engine.task(each).status for each in (changer, *after_it)] == [Status.COMPLETED] * 3
    assert state(engine) == before


def test_a_change_of_a_failed_attempt_does_not_stay_either(engine: Engine) -> None:
    before = state(engine)
    changer = engine.submit("test.odd", {"do": "sql", "sql": "SELECT pg_advisory_lock(7), 1 / 0"}, max_attempts=1)
    engine.run(changer.id)
    assert engine.task(changer.id).status is Status.DEAD_LETTER
    assert state(engine) == before


def test_factories_that_a_handler_sets_are_its_own(engine: Engine) -> None:
    changer = engine.submit("test.odd", {"do": "factories"}, max_attempts=1)
    neighbour = engine.submit(max_attempts=1)
    engine.worker.pace.update({"test.odd": 0.001, "test.effect": 0.001})
    engine.run(changer.id, neighbour.id)
    assert engine.task(changer.id).status is Status.COMPLETED
    assert (engine.task(neighbour.id).status, engine.effects(neighbour.id)) == (Status.COMPLETED, 1)


def test_a_handler_that_changes_nothing_keeps_the_connection(engine: Engine) -> None:
    """Cleaning costs a new connection, so it must be the exception."""
    pids = []
    for _ in range(3):
        task = engine.submit("test.odd", {"do": "pid"})
        engine.run(task.id)
        pids.append(engine.task(task.id).result["pid"])
    assert len(set(pids)) == 1


def test_a_worker_with_a_poisoned_session_recovers(engine: Engine) -> None:
    """A change that nobody saw makes the engine's own statements fail: the next batch has a new connection."""
    task = engine.submit()
    engine.worker.db.connection().execute("SET statement_timeout = '1ms'")
    engine.db.connection().execute("BEGIN")
    engine.db.connection().execute("LOCK TABLE agent_tasks IN ACCESS EXCLUSIVE MODE")
    assert engine.run(task.id) == [str(task.id)]
    engine.db.connection().execute("ROLLBACK")
    assert engine.run(task.id) == []
    assert engine.task(task.id).status is Status.COMPLETED
    assert state(engine)["settings"] == ""
