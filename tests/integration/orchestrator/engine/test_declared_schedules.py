"""Schedules that agents declare: a deploy stores them, an operator's pause survives, and the system runs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.engine import schedules
from orchestrator.engine.agents import Agents, agent
from orchestrator.engine.operators import schedules as operators
from orchestrator.engine.recurrence import Recurrence
from orchestrator.engine.schedules import insert_due_runs
from orchestrator.store import schedules as store
from orchestrator.store.owners import ANY_OWNER
from orchestrator.store.schedules import Schedule
from tests.support.agents.test_effect import Effect
from tests.support.agents.test_recurring import Nothing
from tests.support.engine import Engine


def declare(engine: Engine, agents: Agents | None = None) -> list[Schedule]:
    engine.db.run(schedules.declare, agents or engine.agents)
    return engine.db.run(store.list_all_schedules, ANY_OWNER, before=None, limit=10)


def test_a_deploy_stores_the_declared_schedules_and_may_be_repeated(engine: Engine) -> None:
    engine.move_clock(0)
    (made,) = declare(engine)
    assert (made.owner_id, made.name, made.type) == ("system", "test.recurring", "test.recurring")
    assert (made.cron, made.time_zone, made.overlap) == ("0 7 * * *", "Europe/Paris", "skip")
    assert declare(engine) == [made]


def test_the_system_runs_it(engine: Engine) -> None:
    engine.now = datetime(2026, 7, 1, 4, 59, tzinfo=UTC)
    engine.move_clock(0)
    declare(engine)
    engine.move_clock(61)
    assert insert_due_runs(engine.database("sweeper"), engine.queue, lambda: 60.0) == 1
    engine.run(*engine.queue.ids)
    assert engine.task(engine.queue.ids[0]).result == {"owner": "system"}


def test_a_pause_survives_a_deploy_and_a_new_rhythm_moves_the_next_run(engine: Engine) -> None:
    (made,) = declare(engine)
    operators.set_paused(engine.db, made.id, True, "op")
    changed = Agents("tests.support.agents")
    changed.types()
    changed._known["test.recurring"] = replace(
        changed.get("test.recurring"), every=Recurrence(None, 3600, "UTC"), overlap="allow"
    )
    changed.all = lambda: list(changed._known.values())  # type: ignore[method-assign] # a later deploy
    (after,) = declare(engine, changed)
    assert (after.id, after.paused, after.every, after.overlap) == (made.id, True, 3600, "allow")
    assert after.next_at != made.next_at


def test_a_schedule_that_no_agent_declares_is_removed_and_an_owners_stays(engine: Engine) -> None:
    declare(engine)
    request = schedules.ScheduleRequest(owner="1", type="test.noop", payload={}, recurrence=Recurrence(None, 60))
    own = schedules.create(engine.db, engine.agents, request)
    assert [each.id for each in declare(engine, Agents("tests.e2e.minimal.agents"))] == [own.id]


@pytest.mark.parametrize(
    ("every", "more", "message"),
    [
        ("0 0 30 2 *", {}, "bad day-of-month"),
        ("0 7 * *", {}, "five fields"),
        (5, {}, "60"),
        ("0 7 * * *", {"time_zone": "Mars/Olympus"}, "time zone"),
    ],
)
def test_a_rhythm_that_could_not_work_is_refused(every: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        agent("test.other", payload=Nothing, every=every, **more)


def test_a_payload_with_required_fields_is_refused() -> None:
    class Needs(Effect):
        city: str

    with pytest.raises(ValueError, match="empty payload"):
        agent("test.other", payload=Needs, every="15m")


@pytest.mark.parametrize("every", ["15m", 900, "0 7 * * *"])
def test_rhythms_are_texts_or_seconds(every: Any) -> None:
    assert callable(agent("test.other", payload=Nothing, every=every))


def explained(engine: Engine, schedule: Schedule) -> str:
    found = engine.db.run(store.explain_schedule, schedule.id)
    assert found is not None
    return str(operators.explain(found)["reason"])


def test_why_a_schedule_does_not_run(engine: Engine) -> None:
    engine.now = datetime(2026, 7, 1, 4, 59, tzinfo=UTC)
    engine.move_clock(0)
    (made,) = declare(engine)
    assert explained(engine, made) == "scheduled"
    engine.move_clock(300)
    assert explained(engine, made) == "sweeper-late"
    insert_due_runs(engine.database("sweeper"), engine.queue, lambda: 60.0)
    engine.move_clock(86_400)
    assert explained(engine, made) == "last-run-unfinished"
    operators.set_paused(engine.db, made.id, True, "op")
    assert explained(engine, made) == "paused"
