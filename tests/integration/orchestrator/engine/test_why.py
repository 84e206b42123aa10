"""A due task that does not begin says whose fault it may be, sooner or later."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from orchestrator.engine.explain import explain
from tests.engine import Engine


def why(engine: Engine, task_id: UUID) -> tuple[object, str]:
    reason = explain(engine.db, engine.worker.agents, engine.flags, task_id)
    return reason["reason"], str(reason["message"])


def test_workers_that_take_nothing_and_then_a_sweeper_that_does_not_come(engine: Engine) -> None:
    task = engine.submit()
    assert "should its wake-up be lost" in why(engine, task.id)[1]
    engine.move_clock(60)
    reason, words = why(engine, task.id)
    assert reason == "queued"
    assert "no worker has taken it" in words
    engine.move_clock(240)
    assert why(engine, task.id)[0] == "sweeper-late"


def test_a_task_of_another_century_is_scheduled(engine: Engine) -> None:
    task = engine.submit(schedule_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert why(engine, task.id)[0] == "scheduled"
