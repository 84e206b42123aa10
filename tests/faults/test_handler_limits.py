"""The time limit and a wait cannot be swallowed."""

from __future__ import annotations

import time

import pytest

from orchestrator.model.errors import Interrupted
from orchestrator.model.states import Status
from tests.support.engine import Engine
from tests.support.oddities import CALLED


@pytest.fixture(autouse=True)
def _nothing_called() -> None:
    CALLED.clear()


def test_no_interruption_is_an_exception() -> None:
    kinds: list[type[BaseException]] = [Interrupted, *Interrupted.__subclasses__()]
    assert not any(issubclass(kind, Exception) for kind in kinds)


KEPT_AGAINST = [
    *("swallow-time-limit", "swallow-once", "swallow-and-sleep", "go-on", "block-signal", "pool", "endless-loop"),
]


@pytest.mark.parametrize("do", KEPT_AGAINST)
def test_a_time_limit_is_kept_against_any_handler(engine: Engine, do: str) -> None:
    task = engine.submit("test.odd", {"do": do}, max_attempts=1)
    neighbour = engine.submit(max_attempts=1)
    started = time.monotonic()
    engine.run(task.id, neighbour.id)
    assert time.monotonic() - started < 15
    assert (engine.task(task.id).status, engine.task(task.id).error["kind"]) == (Status.DEAD_LETTER, "timeout")
    assert engine.effects(task.id) == 0
    assert engine.task(neighbour.id).status is Status.COMPLETED
    assert not {"step after the time limit", "slept"} & set(CALLED)


def test_a_swallowed_wait_still_waits(engine: Engine) -> None:
    task = engine.submit("test.odd", {"do": "swallow-wait", "write": False})
    engine.run(task.id)
    assert engine.kinds(task.id) == ["submitted", "started", "waiting"]
    (child,) = [each for each in engine.queue.ids if each != task.id]
    engine.run(child)
    engine.run(task.id)
    assert engine.task(task.id).result == {"got": [{}]}
