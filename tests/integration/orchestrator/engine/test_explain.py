"""A due task that does not begin says whose fault it may be, sooner or later."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator.engine.operators import explain as explaining
from orchestrator.engine.operators.explain import explain
from tests.support.engine import Engine


def why(engine: Engine, task_id: UUID) -> tuple[object, str]:
    reason = explain(engine.db, engine.worker.agents, engine.flags, task_id)
    return reason["reason"], str(reason["message"])


def test_workers_that_take_nothing_and_then_a_sweeper_that_does_not_come(engine: Engine) -> None:
    task = engine.submit()
    assert "should its wake-up be lost" in why(engine, task.id)[1]
    engine.move_clock(60)
    reason, text = why(engine, task.id)
    assert reason == "queued"
    assert "no worker of the lane quick has taken it" in text
    engine.move_clock(240)
    assert why(engine, task.id)[0] == "sweeper-late"


def test_a_wait_names_who_may_answer_and_its_end(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit("test.waits", {"seconds": 60.0})
    engine.run(task.id)
    reason, text = why(engine, task.id)
    assert reason == "waiting-for-answer"
    assert "'answer' from owner 1 or an operator, at the latest until " in text
    engine.move_clock(60)
    assert why(engine, task.id)[0] == "queued"


def test_a_task_of_another_century_is_scheduled(engine: Engine) -> None:
    task = engine.submit(schedule_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert why(engine, task.id)[0] == "scheduled"


def test_a_flag_that_is_on_again_lets_go_one_after_another(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    parked = [engine.submit() for _ in range(3)]
    engine.flags.off = {"task.test.effect"}
    assert why(engine, parked[0].id)[0] == "parked"
    engine.run(*(task.id for task in parked))
    assert why(engine, parked[0].id) == ("parked", "The flag task.test.effect is off; it runs when the flag is on.")
    engine.flags.off = set()
    reason, text = why(engine, parked[2].id)
    assert reason == "unparking"
    assert "is on again; its paused tasks start at 500 a minute, about 2 before this one." in text
    monkeypatch.setattr(explaining, "MOST_AHEAD", 1)
    assert "1 or more before this one" in why(engine, parked[2].id)[1]
