"""SIGKILL in the middle of a loop: the same answer, one charge, and at most one more request for each kill."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from orchestrator.engine.waiting.signals import signal as signal_task
from orchestrator.model.fault_injection import Point
from orchestrator.model.states import Status
from tests.faults.lab import Lab, Process
from tests.support.models import ModelServer

SCRIPT = ([("price", '{"city": "Bergen"}')], [("charge", '{"cents": 100}')], "You have a seat to Bergen.")
#: Moments of the server at which the worker is killed, and its own points.
MOMENTS = ["request 0", "answered 0", "request 1", "answered 1", "charge", "charged", "request 2", "answered 2"]
POINTS: list[Point] = ["run.claimed", "run.handled", "run.finished"]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(*SCRIPT).running() as running:
        yield running


class Killer:
    """Kill a process once, when the server reaches a moment for the n-th time."""

    def __init__(self, server: ModelServer, moment: str) -> None:
        self.moment = moment
        self.process: Process | None = None
        server.at = self.at

    def at(self, moment: str) -> None:
        if moment == self.moment and self.process is not None:
            process, self.process = self.process, None
            os.kill(process.popen.pid, signal.SIGKILL)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("type", ["test.thinking", "test.framework"])
def test_a_worker_that_is_killed_at_the_model_or_the_till(
    lab: Lab, server: ModelServer, type: str, moment: str
) -> None:
    task = lab.engine.submit(type, {"url": server.url})
    killer = Killer(server, moment)
    process = lab.start("worker", ids=[task.id])
    killer.process = process
    process.wait_until_killed()
    check(lab, server)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_around_its_commit(lab: Lab, server: ModelServer, point: Point) -> None:
    task = lab.engine.submit("test.thinking", {"url": server.url})
    lab.kill_at("worker", point, ids=[task.id])
    check(lab, server)


def test_a_worker_that_is_killed_at_every_moment_in_turn(lab: Lab, server: ModelServer) -> None:
    task = lab.engine.submit("test.thinking", {"url": server.url}, max_attempts=20)
    for moment in MOMENTS:
        killer = Killer(server, moment)
        process = lab.start("worker", ids=[task.id], clock=lab.clock())
        killer.process = process
        process.wait_until_killed()
        lab.engine.move_clock(120)
        lab.sweep()
    check(lab, server, kills=len(MOMENTS))


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_when_it_asks_and_when_it_acts(lab: Lab, server: ModelServer, point: Point) -> None:
    """The question is asked once, and one charge follows the decision."""
    task = lab.engine.submit("test.thinking", {"url": server.url, "approve": "owner"}, max_attempts=9).id
    lab.kill_at("worker", point, ids=[task])
    lab.engine.move_clock(120)
    lab.sweep()
    lab.deliver()
    assert lab.engine.row(task)["awaits"] == "approval:turn:2:tool:0"
    assert server.charges == {}
    lab.engine.db.run(signal_task, task, "turn:2:tool:0", True, owner="1", by="1")
    lab.kill_at("worker", point, ids=[task], clock=lab.clock())
    check(lab, server, kills=2)


@pytest.mark.parametrize("moment", ["charge", "charged"])
def test_a_worker_that_is_killed_while_an_approved_call_runs(lab: Lab, server: ModelServer, moment: str) -> None:
    task = lab.engine.submit("test.thinking", {"url": server.url, "approve": "owner"}).id
    lab.engine.run(task)
    lab.engine.db.run(signal_task, task, "turn:2:tool:0", True, owner="1", by="1")
    killer = Killer(server, moment)
    process = lab.start("worker", ids=[task])
    killer.process = process
    process.wait_until_killed()
    check(lab, server)


def check(lab: Lab, server: ModelServer, kills: int = 1) -> None:
    server.at = lambda _moment: None
    lab.recover()
    lab.check()
    (row,) = lab.engine.db.connection().execute("SELECT id FROM agent_tasks").fetchall()
    task = lab.engine.task(row["id"])
    assert (task.status, task.result["text"]) == (Status.COMPLETED, "You have a seat to Bergen.")
    step = "tool:charge" if task.type == "test.framework" else "turn:2:tool:0:charge"
    assert server.charges == {f"{task.id}:{step}": 100}
    assert len(server.requests) <= len(SCRIPT) + kills
