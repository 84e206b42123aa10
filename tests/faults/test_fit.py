"""A worker claims only the tasks that it can start soon; the others are at once with other workers."""

from __future__ import annotations

from uuid import UUID

import pytest

from orchestrator.engine.execution import handler
from orchestrator.engine.operators.explain import explain
from orchestrator.model.fault_injection import Point, arm
from orchestrator.model.states import Status
from tests.faults.lab import Lab
from tests.support.engine import Engine


def submit_many(engine: Engine, count: int, type: str = "test.noop") -> list[UUID]:
    return [engine.submit(type).id for _ in range(count)]


def state_at_first_start(engine: Engine, ids: list[UUID], monkeypatch: pytest.MonkeyPatch) -> dict[UUID, str]:
    """Run a batch; return the state of each task, and whether its message was visible, when the first handler began."""
    seen: dict[UUID, str] = {}
    call = handler.call

    def first(*args: object, **kwargs: object) -> handler.Handled:
        for id in ids:
            hidden = "visible" if engine.queue.hidden.get(str(id)) == 0 else "hidden"
            seen.setdefault(id, f"{engine.row(id)['status']} {hidden}")
        return call(*args, **kwargs)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(handler, "call", first)
    engine.run(*ids)
    return seen


def test_of_slow_tasks_one_is_claimed_and_nine_are_back_before_it_begins(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.worker.pace["test.noop"] = 20.0
    ids = submit_many(engine, 10)
    seen = state_at_first_start(engine, ids, monkeypatch)
    assert sorted(seen.values()) == ["pending visible"] * 9 + ["processing hidden"]
    back = [id for id, state in seen.items() if state == "pending visible"]
    assert [engine.kinds(id) for id in back] == [["submitted"]] * 9
    assert {engine.row(id)["attempts"] for id in back} == {0}


def test_returned_tasks_run_in_another_invocation(engine: Engine) -> None:
    engine.worker.pace["test.noop"] = 20.0
    ids = submit_many(engine, 3)
    back = engine.run(*ids)
    assert len(back) == 2
    engine.worker.pace.clear()
    assert engine.run(*map(UUID, back)) == []
    assert {(engine.task(id).status, engine.task(id).attempts) for id in ids} == {(Status.COMPLETED, 1)}


def test_quick_tasks_run_before_slow_ones(engine: Engine) -> None:
    engine.worker.pace |= {"test.noop": 20.0, "test.effect": 0.001}
    slow, quick = submit_many(engine, 2), [engine.submit().id for _ in range(4)]
    back = engine.run(*slow, *quick)
    assert back in ([str(slow[0])], [str(slow[1])])
    rows = engine.db.connection().execute(
        "SELECT type FROM agent_tasks WHERE status = 'completed' ORDER BY finished_at, started_at"
    )
    assert [row["type"] for row in rows.fetchall()] == ["test.effect"] * 4 + ["test.noop"]


def test_a_task_that_cannot_end_in_time_is_not_claimed(engine: Engine) -> None:
    task = engine.submit()
    assert engine.run(task.id, remaining=20.0) == [str(task.id)]
    assert engine.queue.hidden[str(task.id)] == 0
    assert (engine.kinds(task.id), engine.row(task.id)["attempts"]) == (["submitted"], 0)


def test_a_claimed_task_that_waits_does_not_count_as_started(engine: Engine) -> None:
    first, second = submit_many(engine, 2)
    states: list[tuple[object, object, str]] = []

    def record(point: Point) -> None:
        if point == "run.started" and not states:
            for id in (first, second):
                why = explain(engine.database(), engine.agents, engine.flags, id)["reason"]
                states.append((engine.row(id)["status"], engine.row(id)["started_at"] is not None, why))

    arm(record)
    try:
        engine.run(first, second)
    finally:
        arm(None)
    assert sorted(states, key=str) == [("processing", False, "claimed"), ("processing", True, "leased")]


def test_the_start_of_a_quick_handler_costs_no_statement_and_is_written_with_its_outcome(engine: Engine) -> None:
    engine.worker.pace["test.effect"] = 0.001
    ids = [engine.submit().id for _ in range(3)]
    points: list[Point] = []
    arm(points.append)
    try:
        engine.run(*ids)
    finally:
        arm(None)
    assert "run.started" not in points
    for id in ids:
        assert engine.kinds(id) == ["submitted", "started", "completed"]
        row = engine.row(id)
        assert row["due_at"] <= row["started_at"] <= row["finished_at"]


def test_a_step_of_a_quick_handler_follows_its_start(lab: Lab) -> None:
    engine = lab.engine
    engine.worker.pace["test.family"] = 0.001
    parent = engine.submit("test.family", {"children": [{}], "spawn": True})
    engine.run(parent.id)
    kinds = engine.kinds(parent.id)
    assert kinds.index("started") < kinds.index("step")
    assert kinds.count("started") == 1


def test_a_start_whose_answer_is_lost_is_repeated(engine: Engine) -> None:
    from orchestrator.store import attempts

    task = engine.submit()
    claimed = engine.db.run(attempts.claim, [task.id], worker="w", lease=60, alone=True)
    for _ in range(2):
        assert engine.db.run(attempts.start, claimed, {"worker": "w"}) == {task.id}
    assert engine.kinds(task.id) == ["submitted", "started"]
    assert engine.db.run(attempts.unclaim, claimed) == set(), "a handler that began is not unclaimed"


@pytest.mark.parametrize("statement", ["start", "unclaim", "renew"])
def test_an_attempt_that_lost_its_task_changes_nothing(engine: Engine, statement: str) -> None:
    from orchestrator.store import attempts

    task = engine.submit()
    claimed = engine.db.run(attempts.claim, [task.id], worker="w", lease=60, alone=True)
    engine.db.connection().execute("UPDATE agent_tasks SET token = token + 1")
    before = engine.row(task.id)
    calls = {
        "start": lambda: engine.db.run(attempts.start, claimed, {}),
        "unclaim": lambda: engine.db.run(attempts.unclaim, claimed),
        "renew": lambda: engine.db.run(attempts.renew, claimed, 60.0),
    }
    assert calls[statement]() == set()
    assert engine.row(task.id) == before
