"""A handler that runs out of time leaves its worker unchanged, in any state."""

from __future__ import annotations

import pytest
from psycopg.pq import TransactionStatus

from orchestrator.engine.execution import batch
from orchestrator.engine.execution.messages import run_batch
from orchestrator.model.fault_injection import Point, arm
from orchestrator.model.states import Status
from orchestrator.store.session_state import is_usable
from tests.faults.lab import Lab
from tests.faults.test_database import refuse_commit
from tests.support.engine import Engine, message_for

#: One in four of them would come at a moment at which psycopg does not stand it.
ROUNDS = 30


@pytest.mark.parametrize("of", ["effects", "progress"])
def test_an_interrupted_handler_leaves_its_connections_usable(engine: Engine, of: str) -> None:
    for _ in range(ROUNDS):
        late = engine.submit("test.many", {"of": of})
        neighbour = engine.submit(payload={"do": "succeed"})
        engine.run(late.id, neighbour.id)
        error = engine.row(late.id)["error"]
        assert (error["kind"], engine.effects(late.id)) == ("timeout", 0)
        assert (engine.task(neighbour.id).status, engine.row(neighbour.id)["attempts"]) == (Status.COMPLETED, 1)
        for database in (engine.worker.db, engine.worker.side):
            assert database.connection().info.transaction_status is TransactionStatus.IDLE


def test_a_connection_left_halfway_is_replaced(engine: Engine) -> None:
    database = engine.worker.db
    halfway = database.connection()
    halfway.pgconn.send_query(b"SELECT 1")
    assert not is_usable(halfway)
    task = engine.submit()
    assert engine.run(task.id) == []
    assert engine.task(task.id).status is Status.COMPLETED
    assert halfway.closed


def test_tasks_that_must_run_again_are_released_when_no_time_is_left(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit fails because of one of them; the invocation has no time for either's handler."""
    monkeypatch.setattr(batch, "FLUSH_AFTER", 60.0)  # both commit together, however slow this machine is
    engine = lab.engine
    good, bad = engine.submit(max_attempts=1), engine.submit(max_attempts=1)
    refuse_commit(lab, bad.id, "serialization_failure")
    handled: list[Point] = []
    arm(lambda point: handled.append(point) if point == "run.handled" else None)
    try:
        messages = [message_for(bad.id), message_for(good.id)]
        back = run_batch(engine.worker, messages, lambda: 60.0 if len(handled) < 2 else 0.0)
    finally:
        arm(None)
    assert sorted(back) == sorted([str(bad.id), str(good.id)])
    for task in (good, bad):
        row = engine.row(task.id)
        assert (row["status"], row["attempts"], row["error"]) == ("pending", 0, None)
