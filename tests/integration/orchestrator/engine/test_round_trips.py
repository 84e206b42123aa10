"""Round trips of a batch: the guards around handlers cost none."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.store.connection import Connection
from tests.support.engine import Engine


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("test.noop", 2),  # claim and finish
        ("test.effect", 26),  # guards travel with the statements before them
    ],
)
def test_a_batch_of_ten_takes_as_few_round_trips_as_before(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, type: str, expected: int
) -> None:
    def deliver() -> None:
        ids = [engine.submit(type).id for _ in range(10)]
        trips.clear()
        engine.run(*ids)

    trips: list[Connection] = []
    wait = Connection.wait

    def counted(connection: Connection, *arguments: Any, **named: Any) -> Any:
        trips.append(connection)
        return wait(connection, *arguments, **named)

    engine.worker.pace.update({"test.effect": 0.0001, "test.noop": 0.0001})
    monkeypatch.setattr(Connection, "wait", counted)
    monkeypatch.setattr("orchestrator.engine.execution.batch.FLUSH_AFTER", 60.0)
    deliver()
    deliver()
    assert sum(connection is engine.worker.db.connection() for connection in trips) == expected
