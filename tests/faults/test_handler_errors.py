"""Each exception or result of a handler decides the outcome of its own attempt only."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.model.states import Status
from tests.support.engine import Engine

FAILURES = {
    "cancelled": "CancelledError",
    "keyboard": "KeyboardInterrupt",
    "generator": "GeneratorExit",
    "system": "SystemExit",
    "stop": "StopIteration",
    "outside": "OutsideException",
    "no-words": "NoMessage",
    "nul": "ValueError",
    "surrogate": "ValueError",
    "group": "BaseExceptionGroup",
    "huge": "ValueError",
    "recursion": "RecursionError",
    "memory": "MemoryError",
    "refuse-object": "ValueError",
    "retry-infinity": "ValueError",
    "retry-nan": "ValueError",
    "retry-milliseconds": "ValueError",
    "retry-words": "ValueError",
    "retry-none": "ValueError",
    "result-object": "ValueError",
    "result-coroutine": "TypeError",
    "result-generator": "TypeError",
}
RETRIES = ["retry-text", "retry-timedelta", "retry-decimal", "retry-huge-reason"]
REFUSALS = {"refuse-number": "7", "refuse-huge": "y" * 2_000}


def run_beside_neighbours(engine: Engine, do: str) -> Any:
    """Run an odd task between two neighbours, which must complete; return it."""
    odd = engine.submit("test.odd", {"do": do}, max_attempts=1)
    before, after = engine.submit(max_attempts=1), engine.submit(max_attempts=1)
    engine.run(before.id, odd.id, after.id)
    for neighbour in (before, after):
        assert engine.task(neighbour.id).status is Status.COMPLETED
        assert engine.effects(neighbour.id) == 1
    return engine.task(odd.id)


@pytest.mark.parametrize("do", FAILURES)
def test_every_exception_is_the_attempts_failure_with_its_own_message(engine: Engine, do: str) -> None:
    task = run_beside_neighbours(engine, do)
    assert (task.status, task.error["type"]) == (Status.DEAD_LETTER, FAILURES[do])
    assert task.error["kind"] == "transient"
    assert 0 < len(task.error["message"]) <= 2_000
    assert engine.effects(task.id) == 0


@pytest.mark.parametrize("do", RETRIES)
def test_retry_after_accepts_common_forms(engine: Engine, do: str) -> None:
    task = run_beside_neighbours(engine, do)
    assert (task.status, task.attempts) == (Status.PENDING, 0)
    assert engine.queue.hidden[str(task.id)] == 30
    assert len(engine.kinds(task.id)) == 3


def test_a_reason_that_cannot_be_stored_is_a_failure(engine: Engine) -> None:
    assert run_beside_neighbours(engine, "retry-nul-reason").status is Status.DEAD_LETTER


@pytest.mark.parametrize("do", REFUSALS)
def test_a_refusal_is_bounded(engine: Engine, do: str) -> None:
    task = run_beside_neighbours(engine, do)
    assert (task.status, task.error["message"]) == (Status.FAILED, REFUSALS[do])
    assert len(task.error["code"]) <= 100


def test_a_refusal_that_cannot_be_stored_is_a_failure(engine: Engine) -> None:
    assert run_beside_neighbours(engine, "refuse-nul").status is Status.DEAD_LETTER
