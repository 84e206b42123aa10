"""Joins: the first run's calls decide, and every wait has an end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from orchestrator.model.states import Status
from tests.support.engine import Engine
from tests.support.oddities import CALLS


@pytest.fixture(autouse=True)
def _three_calls() -> None:
    CALLS[:] = [3]


def children_of(engine: Engine, parent: UUID) -> list[dict[str, Any]]:
    rows = engine.db.connection().execute(
        "SELECT * FROM agent_tasks WHERE parent_id = %s ORDER BY spawn_key", (parent,)
    )
    return rows.fetchall()


def begin(engine: Engine, do: str, max_attempts: int = 1) -> UUID:
    """Run a parent until it waits, and its children."""
    parent = engine.submit("test.odd", {"do": do, "write": False}, max_attempts=max_attempts).id
    engine.run(parent)
    assert engine.row(parent)["waiting_for"] is not None, engine.task(parent).error
    return parent


@pytest.mark.parametrize(("do", "calls"), [("gather-many", 4), ("gather-many", 2), ("gather-payload", 4)])
def test_other_calls_in_the_second_run_are_a_clear_failure(engine: Engine, do: str, calls: int) -> None:
    parent = begin(engine, do)
    CALLS[:] = [calls]
    engine.run(*(child["id"] for child in children_of(engine, parent)))
    engine.run(parent)
    failed = engine.task(parent)
    assert (failed.status, failed.error["type"]) == (Status.DEAD_LETTER, "CallsChanged")
    assert "gather 'kids'" in failed.error["message"]


def test_the_same_calls_go_on(engine: Engine) -> None:
    parent = begin(engine, "gather-many")
    engine.run(*(child["id"] for child in children_of(engine, parent)))
    engine.run(parent)
    assert engine.task(parent).result == {"children": 3}


def test_a_name_that_is_used_again_is_another_join(engine: Engine) -> None:
    parent = begin(engine, "gather-twice")
    for _ in range(2):
        engine.run(*(child["id"] for child in children_of(engine, parent) if child["status"] == "pending"))
        engine.run(parent)
    assert engine.task(parent).result == {"one": [{"w": "a"}], "two": [{"w": "b"}]}
    assert [child["gather"] for child in children_of(engine, parent)] == ["kids#2", "kids"]


@pytest.mark.parametrize(
    "do", ["gather-infinite", "gather-negative-quorum", "gather-zero-quorum", "gather-too-many", "spawn-twice"]
)
def test_an_unfit_argument_is_refused_with_a_message(engine: Engine, do: str) -> None:
    parent = engine.submit("test.odd", {"do": do, "write": False}, max_attempts=1)
    engine.run(parent.id)
    failed = engine.task(parent.id)
    assert (failed.status, failed.error["type"]) == (Status.DEAD_LETTER, "ValueError")
    assert children_of(engine, parent.id) == []


def test_a_deadline_may_be_a_timedelta(engine: Engine) -> None:
    engine.move_clock(0)
    parent = begin(engine, "gather-timedelta")
    assert engine.row(parent)["due_at"] == engine.row(parent)["updated_at"].fromtimestamp(
        engine.row(parent)["updated_at"].timestamp() + 60, tz=engine.row(parent)["updated_at"].tzinfo
    )


def test_children_that_are_gone_end_the_wait(engine: Engine) -> None:
    """Erasure deletes tasks; the sweeper finds the parent that waits for them."""
    from tests.faults.lab import Lab

    parent = begin(engine, "gather-many")
    engine.db.connection().execute("DELETE FROM agent_tasks WHERE parent_id = %s", (parent,))
    lab = Lab(engine.url)
    lab.engine.close()
    lab.engine = engine
    engine.queue.sent.clear()
    engine.move_clock(3601)
    lab.sweep()
    assert engine.queue.ids == [parent]
    engine.run(parent)
    assert engine.task(parent).result == {"children": 0}
    lab.wire.connection.close()


def test_no_row_can_wait_without_an_end(engine: Engine) -> None:
    parent = begin(engine, "gather-many")
    connection = engine.db.connection()
    connection.execute("UPDATE agent_tasks SET wake_at = NULL WHERE id = %s", (parent,))
    assert engine.row(parent)["wake_at"] is not None, "older code that writes none is given one"
    connection.execute("ALTER TABLE agent_tasks DISABLE TRIGGER task_wait_gets_an_end")
    with pytest.raises(errors.CheckViolation):
        connection.execute("UPDATE agent_tasks SET wake_at = NULL WHERE id = %s", (parent,))
