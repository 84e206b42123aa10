"""SIGKILL around an effect outside, at a service without idempotency keys: nothing doubled, nothing missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.model.fault_injection import Point
from orchestrator.model.states import Status
from tests.faults.lab import Lab
from tests.support.agents.test_steps import OUTSIDE


@pytest.fixture(autouse=True)
def _outside(lab: Lab) -> Iterator[None]:
    OUTSIDE["url"] = lab.url
    yield
    OUTSIDE.clear()


@pytest.mark.parametrize(
    "points", [["step.intended"], ["step.called"], ["step.called", "step.intended", "step.called"]]
)
def test_a_kill_between_effect_and_record_doubles_nothing(lab: Lab, points: list[Point]) -> None:
    tasks = [lab.engine.submit("test.steps", {"do": "charge"}, max_attempts=10).id for _ in range(3)]
    for point in points:
        for task in tasks:
            lab.engine.move_clock(90)
            lab.sweep()
            lab.kill_at("worker", point, ids=[task], clock=lab.clock())
    lab.recover()
    for task in tasks:
        assert lab.engine.task(task).status is Status.COMPLETED, lab.engine.task(task).error
        assert lab.engine.effects(task) == 1
        assert lab.engine.kinds(task).count("step") == 1
    lab.check()


def test_the_history_says_sent_once_tried_twice(lab: Lab) -> None:
    task = lab.engine.submit("test.steps", {"do": "charge"}, max_attempts=10).id
    lab.kill_at("worker", "step.called", ids=[task])
    lab.recover()
    rows = lab.engine.db.connection().execute("SELECT data FROM agent_task_events WHERE kind = 'step'").fetchall()
    (data,) = [row["data"] for row in rows]
    assert (data["step"], data["tries"], data["found"]) == ("charge", 2, True)
