"""Threads, processes, event loops and output of handlers."""

from __future__ import annotations

import pytest

from orchestrator.model.states import Status
from tests.faults.lab import Lab
from tests.support.engine import Engine
from tests.support.oddities import KEPT


def test_the_connection_belongs_to_the_handlers_own_thread(engine: Engine) -> None:
    task = engine.submit("test.odd", {"do": "thread"})
    engine.run(task.id)
    assert engine.task(task.id).result == {"raised": ["TransactionControl"]}
    assert engine.effects(task.id) == 1


def test_a_thread_that_a_handler_left_can_use_nothing_of_it(engine: Engine) -> None:
    task, neighbour = engine.submit("test.odd", {"do": "leave-thread"}), engine.submit()
    engine.worker.pace.update({"test.odd": 0.001, "test.effect": 0.001})
    engine.run(task.id, neighbour.id)
    go_on, thread = KEPT[:2]
    go_on.set()
    thread.join(10)
    assert KEPT[2:] == ["OperationalError", "RuntimeError", "RuntimeError"]
    assert engine.task(task.id).status is engine.task(neighbour.id).status is Status.COMPLETED


@pytest.mark.parametrize("do", ["fork", "fork-raise", "fork-write"])
def test_a_forked_child_never_becomes_a_second_worker(lab: Lab, do: str) -> None:
    """In a process of its own: a child that went on would also go on with this test."""
    engine = lab.engine
    task = engine.submit("test.odd", {"do": do}, max_attempts=1)
    neighbour = engine.submit(max_attempts=1)
    process = lab.start("worker", ids=[task.id, neighbour.id])
    output, _ = process.popen.communicate(timeout=60)
    assert output.count("done") == 1
    assert engine.task(task.id).result == {"who": "parent"}
    assert (engine.effects(task.id), engine.effects(neighbour.id)) == (1, 1)
    assert engine.kinds(task.id) == ["submitted", "started", "completed"]


def test_an_allocation_that_is_refused_is_the_handlers_failure(lab: Lab) -> None:
    """In a process of its own, because the limit stays."""
    engine = lab.engine
    before, after = engine.submit(max_attempts=1), engine.submit(max_attempts=1)
    task = engine.submit("test.odd", {"do": "allocate"}, max_attempts=1)
    process = lab.start("worker", ids=[before.id, task.id, after.id])
    output, _ = process.popen.communicate(timeout=60)
    assert output.count("done") == 1
    assert engine.task(task.id).error["type"] == "MemoryError"
    assert engine.effects(task.id) == 0
    assert engine.task(before.id).status is engine.task(after.id).status is Status.COMPLETED


def test_an_event_loop_of_its_own_works(engine: Engine) -> None:
    task = engine.submit("test.odd", {"do": "loop"})
    engine.run(task.id)
    assert engine.task(task.id).result == {"from": "loop"}


def test_much_output_is_harmless(engine: Engine) -> None:
    task = engine.submit("test.odd", {"do": "output"})
    engine.run(task.id)
    assert engine.task(task.id).status is Status.COMPLETED
