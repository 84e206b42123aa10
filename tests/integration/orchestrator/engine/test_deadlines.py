"""A deadline bounds a task's whole life: retries, releases and waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from orchestrator.engine.agents import Agents
from orchestrator.http.serializers import task_view
from orchestrator.model.states import Status
from tests.support.engine import Engine


@contextmanager
def deadline(agents: Agents, type: str, seconds: float) -> Iterator[None]:
    agent = agents.get(type)
    before = agent.deadline
    object.__setattr__(agent, "deadline", seconds)
    yield
    object.__setattr__(agent, "deadline", before)


def test_a_task_that_releases_itself_for_ever_fails_at_its_deadline(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit(payload={"do": "retry", "seconds": 30}, deadline=100)
    for _ in range(10):
        engine.run(task.id)
        engine.move_clock(31)
    ended = engine.task(task.id)
    assert (ended.status, ended.error["code"]) == (Status.FAILED, "deadline")
    assert task_view(ended)["error"] == "The task was not done before its deadline."
    assert engine.kinds(task.id).count("released") == 4


def test_no_wait_lasts_longer_than_the_deadline(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit(payload={"do": "retry", "seconds": 3_000}, deadline=100)
    engine.run(task.id)
    row = engine.row(task.id)
    assert row["due_at"] == row["deadline_at"] == row["created_at"] + timedelta(seconds=100)


def test_a_scheduled_tasks_life_begins_when_it_is_due(engine: Engine) -> None:
    engine.move_clock(0)
    assert engine.now is not None
    task = engine.submit(schedule_at=engine.now + timedelta(days=300), deadline=100)
    assert engine.row(task.id)["deadline_at"] == engine.now + timedelta(days=300, seconds=100)


def test_a_parent_and_its_children_end_at_their_deadlines(engine: Engine) -> None:
    engine.move_clock(0)
    with deadline(engine.agents, "test.effect", 50):
        parent = engine.submit("test.family", {"children": [{}]}, deadline=100).id
        engine.run(parent)
    (child,) = (each for each in engine.queue.ids if each != parent)
    engine.move_clock(60)
    engine.run(child)
    assert engine.task(child).error["code"] == "deadline"
    engine.run(parent)
    assert engine.task(parent).result["statuses"] == ["failed"]


def test_a_redrive_begins_a_new_life(engine: Engine) -> None:
    from orchestrator.store import dead_letters

    engine.move_clock(0)
    task = engine.submit(payload={"do": "raise"}, max_attempts=1, deadline=100)
    engine.run(task.id)
    engine.move_clock(1_000)
    engine.db.run(dead_letters.redrive, [task.id], "op")
    engine.run(task.id)
    assert engine.task(task.id).status is Status.DEAD_LETTER, "it ran again"


@pytest.mark.parametrize("type", ["test.effect", "test.family"])
def test_every_task_has_a_deadline(engine: Engine, type: str) -> None:
    engine.move_clock(0)
    task = engine.submit(type, {"children": []} if type == "test.family" else {})
    assert engine.row(task.id)["deadline_at"] == engine.row(task.id)["created_at"] + timedelta(days=366)
