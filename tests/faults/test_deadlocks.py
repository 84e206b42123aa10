"""Two wait for each other; Postgres picks a victim, and nobody pays for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from orchestrator.engine.execution import batch
from orchestrator.engine.execution.worker import Worker
from orchestrator.model import fault_injection
from orchestrator.model.fault_injection import Point
from orchestrator.model.states import Status
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Connection, Database, connect
from tests.faults.lab import Lab


def test_a_deadlock_between_two_batches_costs_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the lock of the other's first task: the victim's neighbours commit before it tries again."""
    engine = lab.engine
    engine.db.connection().execute("ALTER ROLE ALL SET deadlock_timeout = '50ms'")
    monkeypatch.setattr(Worker, "is_quick", lambda *_: True)
    victims: list[Attempt] = []
    monkeypatch.setattr(batch, "out_of_time", lambda _, attempt, __: victims.append(attempt))
    one_order, other_order = ([engine.submit("test.lock", {"key": key}) for key in keys] for keys in ((1, 2), (2, 1)))
    barrier, begun = threading.Barrier(2, timeout=20), threading.local()

    def meet(point: Point) -> None:
        if point == "run.in_handler" and not hasattr(begun, "here"):
            begun.here = True
            barrier.wait()

    fault_injection.arm(meet)
    try:
        rival = threading.Thread(
            target=engine.run, args=[task.id for task in other_order], kwargs={"worker": engine.new_worker()}
        )
        rival.start()
        assert engine.run(*(task.id for task in one_order)) == []
        rival.join()
    finally:
        fault_injection.arm(None)
        engine.db.connection().execute("ALTER ROLE ALL RESET deadlock_timeout")
    assert {engine.task(task.id).status for task in [*one_order, *other_order]} == {Status.COMPLETED}
    assert victims, "no deadlock came about"


def test_a_real_deadlock_between_two_callers_costs_nothing(lab: Lab) -> None:
    """Two connections lock two rows the other way round; Postgres ends one, which tries again."""
    connection = lab.engine.db.connection()
    connection.execute("CREATE TABLE pair (id int PRIMARY KEY, n int NOT NULL)")
    connection.execute("GRANT SELECT, UPDATE ON pair TO orchestrator_worker")
    connection.execute("INSERT INTO pair VALUES (1, 0), (2, 0)")
    connection.execute("SET deadlock_timeout = '50ms'")
    one, two = lab.engine.worker.db, Database(lambda: connect(lab.url))
    barrier = threading.Barrier(2, timeout=20)

    def both(first: int, second: int) -> Callable[[Connection], None]:
        met: list[bool] = []

        def update(conn: Connection) -> None:
            with conn.transaction():
                conn.execute("UPDATE pair SET n = n + 1 WHERE id = %s", (first,))
                if not met:
                    met.append(True)
                    barrier.wait()
                conn.execute("UPDATE pair SET n = n + 1 WHERE id = %s", (second,))

        return update

    rival = threading.Thread(target=two.run, args=(both(2, 1),))
    rival.start()
    one.run(both(1, 2))
    rival.join()
    two.close()
    rows = connection.execute("SELECT n FROM pair").fetchall()
    assert [row["n"] for row in rows] == [2, 2]
