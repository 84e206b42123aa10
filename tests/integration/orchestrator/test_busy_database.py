"""A request that the database keeps waiting is answered in time; nothing of it lasts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import errors as pg

from orchestrator.model.errors import Unavailable
from orchestrator.store import database_users, row_security, statistics
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.store.row_security import operator
from tools.local_stack.templates import read
from tools.virtualenvs import ROOT


@pytest.fixture
def hurried(database_url: str) -> Iterator[Database]:
    database = Database(lambda: connect(database_url, options="-c lock_timeout=50ms"))
    yield database
    database.close()


@pytest.fixture
def holder(database_url: str) -> Iterator[Connection]:
    """Yield a session that locks the table of tasks."""
    with connect(database_url) as session:
        session.execute("BEGIN; LOCK TABLE agent_tasks")
        yield session


def test_a_request_that_waits_for_a_lock_is_asked_to_retry(hurried: Database, holder: Connection) -> None:
    for whose in (row_security.NOBODY, row_security.owner("1"), operator("9")):
        with hurried.row_context(whose), pytest.raises(Unavailable):
            hurried.run(statistics.live_counts)
    with pytest.raises(Unavailable), hurried.transaction() as connection:
        statistics.live_counts(connection)
    holder.execute("ROLLBACK")
    with hurried.row_context(operator("9")):
        assert hurried.run(statistics.live_counts) == []


def test_a_statement_that_takes_too_long_too(database_url: str) -> None:
    database = Database(lambda: connect(database_url, options="-c statement_timeout=50ms"))
    with pytest.raises(Unavailable):
        database.run(lambda connection: connection.execute("SELECT pg_sleep(30)"))
    database.close()


def test_operators_see_the_waiting_tasks_and_that_the_sweeper_is_late(db: Database, database_url: str) -> None:
    insert = """INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at)
                VALUES (gen_random_uuid(), '1', 'echo', '{}', now(), now() - interval '5 minutes')"""
    db.connection().execute(insert)
    assert db.run(statistics.load).sweep_late == pytest.approx(300, abs=30)
    waiting = connect(database_url)
    with connect(database_url) as holder, holder.transaction(force_rollback=True):
        holder.execute("LOCK TABLE redrives")
        waiting.pgconn.send_query(b"SELECT FROM redrives")
        seen = next(load for load in iter(lambda: db.run(statistics.load), None) if load.lock_waits)
        assert seen.lock_waits == 1
        assert seen.lock_wait >= 0
    waiting.close()


def test_every_function_has_time_left_to_say_so() -> None:
    template = read(ROOT / "template.yaml")
    usual = template["Globals"]["Function"]["Timeout"]
    for part, limits in database_users.LIMITS.items():
        function = template["Resources"][f"{part.title()}Function"]["Properties"]
        allowed = function.get("Timeout", usual) * 1000
        assert max(limits.statement, limits.lock) < allowed
        assert limits.standstill >= allowed, "a handler may take its time between two statements"


def test_a_function_that_is_gone_without_a_word_lets_go_of_its_locks(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        database_users.LIMITS, "worker", database_users.Limits(statement=50_000, lock=50_000, standstill=100)
    )
    db.run(database_users.make_login, "gone_worker", "worker")
    db.run(database_users.set_login_password, "gone_worker", "secret")
    gone = connect(database_url, user="gone_worker", password="secret")
    gone.execute("BEGIN")
    gone.execute("LOCK TABLE agent_tasks IN ROW EXCLUSIVE MODE")
    with db.transaction() as connection:
        connection.execute("LOCK TABLE agent_tasks")  # waits until Postgres has ended the other
    with pytest.raises(pg.IdleInTransactionSessionTimeout):
        gone.execute("SELECT 1")
    gone.close()
    db.connection().execute("DROP OWNED BY gone_worker; DROP ROLE gone_worker")
