"""One owner's flood of tasks that lock the same rows does not occupy the workers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from orchestrator.engine.agents import Agents
from orchestrator.model.states import Status
from playmate.sources.weekly_plan import plan_week
from tests.integration.playmate.conftest import MakeFamily
from tests.support.engine import Engine

#: Types without a limit: no write but by unique tasks, or rows of one pair of friends only.
UNLIMITED = {"friends.changed", "account.forget", "echo", "friend.recommendations"} | {
    *("playdate.announce", "playdate.arrange", "playdates.changed", "recommendations.renewPassed"),
}


def test_every_type_that_locks_its_owners_rows_has_a_limit() -> None:
    agents = Agents("playmate.agents")
    assert {type for type in agents.types() if agents.get(type).limit_per_owner is None} == UNLIMITED


def test_a_second_update_of_a_point_waits_outside_the_workers(
    engine: Engine, family: MakeFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.agents = engine.worker.agents = Agents("playmate.agents")
    owner = str(family("Amira", [("Lina", 7, "chess")]))
    point = {"latitude": 48.85, "longitude": 2.35}
    first, second = (engine.submit("location.playdate.update", point, owner=owner) for _ in range(2))
    locked, go_on = threading.Event(), threading.Event()

    def plan_slowly(*given: Any) -> Any:
        locked.set()
        assert go_on.wait(30)
        return plan_week(*given)

    monkeypatch.setattr("playmate.agents.plan_make.plan_week", plan_slowly)
    busy = threading.Thread(target=engine.run, args=(first.id,))
    busy.start()
    try:
        assert locked.wait(30)
        engine.run(second.id, worker=engine.new_worker())
        assert engine.task(second.id).status is Status.PENDING
        assert engine.task(first.id).status is Status.PROCESSING
    finally:
        go_on.set()
        busy.join(30)
    engine.run(second.id)
    assert [engine.task(each.id).status for each in (first, second)] == [Status.COMPLETED] * 2
