"""Each worker stops at a point while other processes act on its tasks, and then continues."""

from __future__ import annotations

import pytest

from orchestrator.engine.cancel import cancel
from orchestrator.model.fault_injection import Point
from orchestrator.model.states import Status
from tests.faults.lab import Lab


@pytest.mark.parametrize("type", ["test.effect", "test.noop"])
def test_one_that_slept_before_it_began_does_nothing(lab: Lab, type: str) -> None:
    task = lab.engine.submit(type)
    with lab.paused_at("worker", "run.claimed", ids=[task.id], kill_at="run.in_handler") as zombie:
        lab.engine.move_clock(200)
        assert lab.engine.run(task.id) == []
        overtaken = lab.engine.row(task.id)
    zombie.done()
    assert lab.engine.row(task.id) == overtaken
    assert (overtaken["status"], overtaken["attempts"]) == ("completed", 2), "a lease lost alone costs its attempt"
    lab.check()


def test_one_that_slept_before_its_commit_without_effects_changes_nothing(lab: Lab) -> None:
    task = lab.engine.submit("test.noop", {"n": 1})
    with lab.paused_at("worker", "run.handled", ids=[task.id]) as zombie:
        lab.engine.move_clock(200)
        assert lab.engine.run(task.id) == []
        overtaken = lab.engine.row(task.id)
    zombie.done()
    assert lab.engine.row(task.id) == overtaken
    lab.check()


@pytest.mark.parametrize("point", ["run.in_handler", "run.handled"])
def test_one_that_has_written_is_waited_for(lab: Lab, point: Point) -> None:
    """The slow worker has locked its rows, so no other worker claims them. Each effect happens once."""
    ids = [lab.engine.submit().id for _ in range(3)]
    with lab.paused_at("worker", point, ids=ids) as slow:
        lab.engine.move_clock(200)
        lab.sweep()
        lab.engine.run(*ids)
        assert {lab.engine.row(task_id)["status"] for task_id in ids} == {"processing"}
        assert [lab.engine.effects(task_id) for task_id in ids] == [0, 0, 0]
    slow.done()
    lab.recover()
    lab.check()
    assert [lab.engine.kinds(task_id) for task_id in ids] == [["submitted", "started", "completed"]] * 3


def test_a_zombie_among_the_living_takes_no_neighbour_with_it(lab: Lab) -> None:
    """One of its batch was cancelled, one taken over: those two roll back, the third commits."""
    taken, cancelled, kept = (lab.engine.submit().id for _ in range(3))
    with lab.paused_at("worker", "run.handled", ids=[taken, cancelled, kept], nth=3) as zombie:
        cancel(lab.engine.db, lab.engine.queue, lab.engine.events, "1", cancelled)
    zombie.done()
    lab.recover()
    lab.check()
    assert [lab.engine.effects(task_id) for task_id in (taken, cancelled, kept)] == [1, 0, 1]
    assert [lab.engine.task(task_id).attempts for task_id in (taken, kept)] == [1, 1]
    assert lab.engine.task(cancelled).status is Status.CANCELLED


@pytest.mark.parametrize("point", ["run.claimed", "run.in_handler", "run.handled"])
@pytest.mark.parametrize("type", ["test.effect", "test.family"])
def test_a_cancelled_attempt_commits_no_effect(lab: Lab, point: Point, type: str) -> None:
    if (type, point) == ("test.family", "run.in_handler"):
        point = "run.handled"
    task = lab.engine.submit(type, {} if type == "test.effect" else {"children": [{}], "spawn": True})
    with lab.paused_at("worker", point, ids=[task.id]) as worker:
        cancel(lab.engine.db, lab.engine.queue, lab.engine.events, "1", task.id)
    worker.done()
    lab.check()
    assert lab.engine.task(task.id).status is Status.CANCELLED
    rows = lab.engine.db.connection().execute("SELECT count(*) AS n FROM agent_tasks").fetchone()
    assert rows == {"n": 1}
    assert lab.engine.effects(task.id) == 0


def test_two_workers_with_the_same_messages_share_them(lab: Lab) -> None:
    ids = [lab.engine.submit().id for _ in range(10)]
    first, second = (lab.start("worker", ids=ids) for _ in range(2))
    first.done()
    second.done()
    lab.recover()
    lab.check()
    assert {lab.engine.task(task_id).attempts for task_id in ids} == {1}
    assert [lab.engine.effects(task_id) for task_id in ids] == [1] * 10


def test_a_message_that_comes_while_its_twin_is_worked_on_waits(lab: Lab) -> None:
    task = lab.engine.submit()
    with lab.paused_at("worker", "run.in_handler", ids=[task.id]) as worker:
        assert lab.engine.run(task.id) == [str(task.id)]
        assert lab.engine.queue.hidden[str(task.id)] > 30
    worker.done()
    assert lab.engine.run(task.id) == []
    lab.check()
