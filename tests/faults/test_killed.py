"""SIGKILL at every named point: nothing is lost, nothing happens twice, and nobody has to help."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import pytest

from orchestrator.engine import schedules
from orchestrator.engine.live import subscriptions
from orchestrator.engine.recurrence import Recurrence
from orchestrator.engine.schedules import ScheduleRequest
from orchestrator.model.fault_injection import POINTS, Point
from orchestrator.model.states import Status
from tests.faults.lab import Lab
from tests.faults.wire import WireSockets
from tests.support.agents.test_steps import OUTSIDE
from tests.support.frames import updates_in

WORKER_POINTS: tuple[Point, ...] = ("run.claimed", "run.started", "run.in_handler", "run.handled", "run.finished")


def kill_submitter(lab: Lab) -> None:
    lab.kill_at("submit", "submit.committed", order={"payload": {}})
    assert lab.wire.sent("tasks") == []


def kill_worker(point: Point) -> Callable[[Lab], None]:
    def kill(lab: Lab) -> None:
        ids = [lab.engine.submit().id for _ in range(3)]
        lab.kill_at("worker", point, ids=ids, nth=2 if point in ("run.in_handler", "run.handled") else 1)

    return kill


def kill_returner(lab: Lab) -> None:
    """The worker has no time for the handlers."""
    ids = [lab.engine.submit().id for _ in range(3)]
    lab.kill_at("worker", "run.returned", ids=ids, remaining=20.0)
    assert [lab.engine.kinds(task_id) for task_id in ids] == [["submitted"]] * 3


def kill_forwarder(lab: Lab) -> None:
    """The tasks arrived in the queue of the lane `long`."""
    ids = [lab.engine.submit().id for _ in range(3)]
    lab.kill_at("long", "run.forwarded", ids=ids)
    assert len(lab.wire.sent("tasks")) == 3
    assert [lab.engine.kinds(task_id) for task_id in ids] == [["submitted"]] * 3


def kill_renewer(lab: Lab) -> None:
    lab.kill_at("renewer", "run.renewed", ids=[lab.engine.submit().id for _ in range(3)])


def kill_while_sending_dead_letters(lab: Lab) -> None:
    task = lab.engine.submit(payload={"do": "raise"}, max_attempts=1)
    lab.kill_at("worker", "run.dead_lettered", ids=[task.id])
    assert lab.engine.row(task.id)["wake_at"] is not None


def kill_sweeper(lab: Lab) -> None:
    lab.engine.queue.broken = True
    lab.engine.submit()
    lab.engine.queue.broken = False
    lab.kill_at("sweeper", "sweep.marked", clock=200)
    assert lab.wire.sent("tasks") == []


def kill_scheduler(lab: Lab) -> None:
    schedules.create(
        lab.engine.db,
        lab.engine.agents,
        ScheduleRequest(
            owner="1", type="test.effect", payload={}, recurrence=Recurrence(None, 60, "UTC"), by_user=False
        ),
    )
    lab.engine.db.connection().execute(
        "UPDATE agent_schedules SET next_at = task_now(), overlap = 'skip', every = 86400"
    )
    lab.kill_at("sweeper", "sweep.scheduled", clock=200)
    assert lab.wire.sent("tasks") == []


def kill_pusher(point: Point) -> Callable[[Lab], None]:
    def kill(lab: Lab) -> None:
        ticket = subscriptions.issue_ticket(lab.engine.db, "1", 4_000_000_000)
        subscriptions.connect(lab.engine.db, WireSockets(lab.wire), ticket, "socket")
        subscriptions.subscribe(lab.engine.db, WireSockets(lab.wire), "socket", None, None)
        task = lab.engine.submit()
        lab.engine.run(task.id)
        lab.kill_at("push", point, owners=["1"])
        lab.engine.move_clock(15)
        subscriptions.ping(lab.engine.db, WireSockets(lab.wire), "socket")
        frames = [json.loads(frame) for frame in lab.wire.sent("socket")]
        seqs = [update["seq"] for frame in frames for update in updates_in(frame)]
        assert list(dict.fromkeys(seqs)) == [1, 2, 3], "a watcher missed something"

    return kill


def kill_canceller(lab: Lab) -> None:
    task = lab.engine.submit()
    lab.kill_at("cancel", "cancel.committed", ids=[task.id])
    assert lab.engine.task(task.id).status is Status.CANCELLED


def kill_signaller(lab: Lab) -> None:
    task = lab.engine.submit("test.waits", {}, max_attempts=1)
    lab.engine.run(task.id)
    assert lab.engine.row(task.id)["awaits"] == "signal:answer"
    lab.engine.queue.sent.clear()
    lab.kill_at("signal", "signal.committed", ids=[task.id])
    assert lab.wire.sent("tasks") == []


def kill_redriver(lab: Lab) -> None:
    task = lab.engine.submit(payload={"do": "raise", "times": 1}, max_attempts=2)
    lab.engine.db.connection().execute("UPDATE agent_tasks SET max_attempts = 1")
    lab.engine.run(task.id)
    lab.engine.db.connection().execute("UPDATE agent_tasks SET max_attempts = 2")
    assert lab.engine.task(task.id).status is Status.DEAD_LETTER
    lab.engine.queue.sent.clear()
    lab.kill_at("redrive", "redrive.committed")
    lab.recover()
    assert lab.engine.task(task.id).status is Status.COMPLETED


def kill_stepper(point: Point) -> Callable[[Lab], None]:
    def kill(lab: Lab) -> None:
        OUTSIDE["url"] = lab.url
        task = lab.engine.submit("test.steps", {"do": "charge"})
        lab.kill_at("worker", point, ids=[task.id])

    return kill


SCENES: dict[Point, Callable[[Lab], None]] = {
    "submit.committed": kill_submitter,
    **{point: kill_worker(point) for point in WORKER_POINTS},
    "step.intended": kill_stepper("step.intended"),
    "step.called": kill_stepper("step.called"),
    "run.returned": kill_returner,
    "run.renewed": kill_renewer,
    "run.forwarded": kill_forwarder,
    "run.dead_lettered": kill_while_sending_dead_letters,
    "sweep.marked": kill_sweeper,
    "sweep.scheduled": kill_scheduler,
    "push.read": kill_pusher("push.read"),
    "push.sent": kill_pusher("push.sent"),
    "cancel.committed": kill_canceller,
    "signal.committed": kill_signaller,
    "redrive.committed": kill_redriver,
}


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_fault_point_is_survived(lab: Lab, point: Point) -> None:
    SCENES[point](lab)
    lab.recover()
    lab.check()
    assert {row["attempts"] for row in all_rows(lab) if row["status"] == "completed"} <= {1, 2}


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_a_kill_in_a_batch_costs_no_task_an_attempt(lab: Lab, point: Point) -> None:
    ids = [lab.engine.submit(max_attempts=1).id for _ in range(4)]
    lab.kill_at("worker", point, ids=ids)
    lab.recover()
    lab.check()
    assert [(row["status"], row["attempts"]) for row in all_rows(lab)] == [("completed", 1)] * 4


@pytest.mark.parametrize("point", WORKER_POINTS)
@pytest.mark.parametrize("nth", [1, 2])
def test_a_parent_of_a_killed_worker_is_joined_once(lab: Lab, point: Point, nth: int) -> None:
    """The first run of the parent suspends it, the second ends it; its children die at the same points."""
    parent = lab.engine.submit("test.family", {"children": [{}, {}], "spawn": True}).id
    points = "run.handled" if point == "run.in_handler" else point
    if nth == 2:
        lab.engine.run(parent)
        lab.engine.run(*children(lab, parent))
    lab.kill_at("worker", points, ids=[parent])
    lab.recover()
    lab.check()
    assert lab.engine.task(parent).result["statuses"] == ["completed", "completed"]
    assert len(children(lab, parent)) == 3
    assert lab.engine.task(parent).result["first"]["key"] == f"{parent}:first"


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_a_child_of_a_killed_worker_still_resumes_its_parent(lab: Lab, point: Point) -> None:
    parent = lab.engine.submit("test.family", {"children": [{}]}).id
    lab.engine.run(parent)
    lab.kill_at("worker", point, ids=children(lab, parent))
    lab.recover()
    lab.check()
    assert lab.engine.task(parent).result["statuses"] == ["completed"]


def test_a_parent_that_must_wait_again_resumes_after_its_worker_was_killed(lab: Lab) -> None:
    """An operator redrives the child before the parent runs. The child completes before the parent waits again."""
    parent = lab.engine.submit("test.family", {"children": [{"do": "raise"}]}).id
    lab.engine.run(parent)
    (child,) = children(lab, parent)
    lab.engine.db.connection().execute("UPDATE agent_tasks SET max_attempts = 1 WHERE id = %s", (child,))
    lab.engine.run(child)
    lab.engine.db.connection().execute("UPDATE agent_tasks SET payload = '{}' WHERE id = %s", (child,))
    lab.start("redrive").done()
    with lab.paused_at("worker", "run.handled", ids=[parent], kill_at="run.finished") as worker:
        assert lab.engine.run(child) == []
    worker.wait_until_killed()
    assert lab.engine.row(parent)["status"] == "pending"
    lab.recover()
    lab.check()
    assert lab.engine.task(parent).result["statuses"] == ["completed"]


def children(lab: Lab, parent: UUID) -> list[UUID]:
    rows = lab.engine.db.connection().execute("SELECT id FROM agent_tasks WHERE parent_id = %s ORDER BY id", (parent,))
    return [row["id"] for row in rows.fetchall()]


def all_rows(lab: Lab) -> list[dict[str, object]]:
    return lab.engine.db.connection().execute("SELECT status, attempts FROM agent_tasks").fetchall()
