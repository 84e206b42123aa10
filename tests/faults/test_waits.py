"""Waits under SIGKILL and races: a signal and the end of an attempt never miss each other."""

from __future__ import annotations

from uuid import UUID

import pytest

from orchestrator.engine.waiting.signals import announce_signal, signal
from orchestrator.model.fault_injection import Point
from orchestrator.model.states import Status
from tests.faults.lab import Lab

WORKER_POINTS: tuple[Point, ...] = ("run.claimed", "run.handled", "run.finished")


def waiting(lab: Lab, **payload: bool) -> UUID:
    return lab.engine.submit("test.waits", payload).id


def send(lab: Lab, task: UUID) -> None:
    sent = lab.engine.db.run(signal, task, "answer", {"yes": True}, owner="1", by="1")
    announce_signal(lab.engine.queue, lab.engine.events, sent)


def check_completed(lab: Lab, task: UUID) -> None:
    lab.check()
    row = lab.engine.row(task)
    assert row["status"] == "completed", row["error"]
    assert row["attempts"] <= 2, "more than the attempt that was killed"
    assert row["result"]["answers"] == [{"yes": True}]
    assert lab.engine.effects(task) == 1


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_a_worker_that_is_killed_when_the_wait_begins(lab: Lab, point: Point) -> None:
    task = waiting(lab)
    lab.kill_at("worker", point, ids=[task])
    send(lab, task)
    lab.recover()
    check_completed(lab, task)


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_a_worker_that_is_killed_when_the_wait_is_over(lab: Lab, point: Point) -> None:
    task = waiting(lab)
    lab.engine.run(task)
    send(lab, task)
    lab.engine.queue.sent.clear()
    lab.kill_at("worker", point, ids=[task])
    lab.recover()
    check_completed(lab, task)


def test_a_signal_between_the_handler_and_its_commit_wakes_the_task(lab: Lab) -> None:
    """The handler has seen no signal; its finish must."""
    task = waiting(lab)
    with lab.paused_at("worker", "run.handled", ids=[task]) as worker:
        send(lab, task)
        assert lab.engine.queue.ids[1:] == [], "the task is still processing: nothing to run yet"
    worker.done()
    assert lab.wire.sent("tasks"), "the finish sends the message itself"
    lab.engine.queue.sent.clear()
    lab.deliver()
    check_completed(lab, task)


def test_a_killed_sender_between_commit_and_message_costs_three_minutes_at_most(lab: Lab) -> None:
    """Twenty senders die; nobody but the sweeper helps."""
    tasks = [waiting(lab) for _ in range(20)]
    lab.engine.run(*tasks)
    lab.engine.queue.sent.clear()
    for task in tasks:
        assert lab.engine.row(task)["awaits"] == "signal:answer"
    for task in tasks[:3]:
        lab.kill_at("signal", "signal.committed", ids=[task])
    for task in tasks[3:]:  # the rest as it is after such an end, without a process each
        lab.engine.db.run(signal, task, "answer", {"yes": True}, owner="1", by="1")
    lab.recover(minutes=3)
    for task in tasks:
        check_completed(lab, task)


def test_an_attempt_that_has_lost_its_task_begins_no_wait(lab: Lab) -> None:
    task = waiting(lab, writes=False)
    with lab.paused_at("worker", "run.handled", ids=[task]) as worker:
        lab.engine.move_clock(600)
        lab.sweep()
        assert lab.engine.row(task)["status"] == Status.PENDING
        lab.engine.queue.sent.clear()
    worker.done()
    assert lab.engine.row(task)["awaits"] is None
    assert lab.engine.db.connection().execute("SELECT FROM agent_waits").fetchall() == []
    lab.engine.run(task)
    send(lab, task)
    lab.recover()
    assert lab.engine.task(task).result["answers"] == [{"yes": True}]
