"""Long work continues in the next invocation and spends no attempt; steps side by side are recorded one by one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from uuid import UUID

import pytest

from orchestrator.engine.context import stepping
from orchestrator.engine.execution.messages import run_batch
from orchestrator.model.states import Status
from tests.support.agents.test_steps import AT_ONCE, BARRIER, CALLED, CLOCK
from tests.support.engine import Engine, message_for

#: Seconds of the worker function.
FUNCTION = 15.0


@pytest.fixture(autouse=True)
def _imagined_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work of the test's agent takes imagined seconds."""
    CALLED.clear()
    BARRIER.reset()
    CLOCK[0], AT_ONCE[:] = 0.0, [0, 0]
    monkeypatch.setattr(stepping, "time", SimpleNamespace(monotonic=lambda: CLOCK[0]))


def invoke_until_over(engine: Engine, task: UUID, most: int) -> int:
    """Run invocations of 15 s until the task is over; return their number."""
    for number in range(1, most + 1):
        began = CLOCK[0]
        back = run_batch(engine.worker, [message_for(task)], left_of(began))
        assert CLOCK[0] - began < FUNCTION, "an attempt did not fit into its invocation"
        if engine.task(task).status is Status.COMPLETED:
            return number
        assert back == [str(task)], "the message must come back at once"
    raise AssertionError(engine.kinds(task))


def left_of(began: float) -> Callable[[], float]:
    """Return the clock of an invocation that began then."""
    return lambda: FUNCTION - (CLOCK[0] - began)


def test_100_steps_of_2_seconds_on_a_15_second_function(engine: Engine) -> None:
    task = engine.submit("test.steps", {"do": "many", "parts": 100}, max_attempts=1).id
    invocations = invoke_until_over(engine, task, 40)
    assert engine.row(task)["attempts"] == 1
    assert set(CALLED.values()) == {1}, "a step ran twice"
    assert len(CALLED) == 100
    kinds = engine.kinds(task)
    assert kinds.count("continued") == invocations - 1 > 10
    assert "lease-lost" not in kinds


def test_a_loop_continues_from_its_checkpoint(engine: Engine) -> None:
    task = engine.submit("test.steps", {"do": "loop", "parts": 30}, max_attempts=1).id
    invocations = invoke_until_over(engine, task, 20)
    assert invocations > 3
    assert set(CALLED.values()) == {1}
    assert engine.task(task).result["from"] > 20
    assert engine.row(task)["attempts"] == 1


def test_a_checkpoint_after_database_effects_is_a_clear_failure(engine: Engine) -> None:
    task = engine.submit("test.steps", {"do": "checkpoint-after-db"}, max_attempts=1).id
    engine.run(task)
    assert engine.task(task).error["type"] == "RuntimeError"


def test_a_step_that_never_fits_still_runs(engine: Engine) -> None:
    """It would fit into no invocation by its usual duration; an attempt without progress does not continue."""
    engine.worker.step_paces["test.steps part"] = 1_000.0
    task = engine.submit("test.steps", {"do": "many", "parts": 2}, max_attempts=1).id
    invoke_until_over(engine, task, 3)
    assert engine.kinds(task).count("continued") == 1


def test_steps_run_side_by_side_and_no_more_than_asked(engine: Engine) -> None:
    task = engine.submit("test.steps", {"do": "parallel", "parts": 9}).id
    engine.run(task)
    assert engine.task(task).result == {f"call-{number}": f"call-{number}" for number in range(9)}
    assert AT_ONCE[1] == 3


def test_a_retry_runs_only_what_is_missing(engine: Engine) -> None:
    engine.move_clock(0)
    failing = ["call-0", "call-1", "call-2"]
    task = engine.submit("test.steps", {"do": "parallel", "parts": 6, "failing": failing}).id
    engine.run(task)
    assert engine.task(task).status is Status.PENDING
    engine.move_clock(3_600)
    engine.run(task)
    assert engine.task(task).status is Status.COMPLETED
    assert {**dict.fromkeys(failing, 2), "call-3": 1, "call-4": 1, "call-5": 1} == CALLED
