"""The calls of an `async def` handler, in the lane `long`."""

from __future__ import annotations

from uuid import UUID

import pytest

from orchestrator.engine.context.calls_in_threads import Turns
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.waiting import signals
from orchestrator.model.states import Status
from orchestrator.testing import durable
from tests.support.agents.test_async_tour import CALLED
from tests.support.engine import Engine


@pytest.fixture
def worker(engine: Engine) -> Worker:
    CALLED.clear()
    return engine.long_worker()


def run(engine: Engine, worker: Worker, do: str) -> UUID:
    task = engine.submit("test.asyncTour", {"do": do})
    engine.run(task.id, worker=worker, remaining=600.0)
    return task.id


def kinds(engine: Engine, task_id: UUID) -> list[str]:
    return [kind for kind in engine.kinds(task_id) if kind != "progress"]


def test_parallel_steps_run_side_by_side(engine: Engine, worker: Worker) -> None:
    task_id = run(engine, worker, "parallel")
    assert engine.task(task_id).result == {"a": "a", "b": "b"}
    assert kinds(engine, task_id) == ["submitted", "started", "step", "step", "completed"]


def test_steps_may_be_gathered(engine: Engine, worker: Worker) -> None:
    """Three threads of one attempt share its connection."""
    task_id = run(engine, worker, "gather-steps")
    assert engine.task(task_id).result == {"met": ["a", "b", "c"]}
    assert kinds(engine, task_id) == ["submitted", "started", "step", "step", "step", "completed"]


def test_a_step_may_be_a_plain_function(engine: Engine, worker: Worker) -> None:
    assert engine.task(run(engine, worker, "plain-step")).result["answer"] > 36


def test_a_block_without_async_says_how_to_write_it(engine: Engine, worker: Worker) -> None:
    error = engine.task(run(engine, worker, "with")).error
    assert (error["type"], "async with ctx.transaction() as db:" in error["message"]) == ("TypeError", True)


def test_no_statement_begins_after_the_end_of_its_handler() -> None:
    turns = Turns()
    with turns.one():
        pass
    turns.end()
    with pytest.raises(RuntimeError, match="has ended"), turns.one():
        raise AssertionError("a statement would run on a connection that another attempt may use")


def test_a_stream_is_written_and_ended(engine: Engine, worker: Worker) -> None:
    task_id = run(engine, worker, "stream")
    assert engine.task(task_id).status is Status.COMPLETED
    rows = engine.db.connection().execute(
        "SELECT string_agg(text, '' ORDER BY start) AS text FROM agent_task_chunks WHERE task_id = %s", (task_id,)
    )
    assert rows.fetchone() == {"text": "Hello"}


def test_a_sleep_frees_the_worker(engine: Engine, worker: Worker) -> None:
    task_id = run(engine, worker, "sleep")
    assert (engine.task(task_id).status, engine.row(task_id)["awaits"]) == (Status.PENDING, "sleep:nap")
    engine.move_clock(61)
    engine.run(task_id, worker=worker, remaining=600.0)
    assert (engine.task(task_id).result, engine.task(task_id).attempts) == ({"slept": True}, 1)


def test_a_signal_is_parsed_by_its_schema(engine: Engine, worker: Worker) -> None:
    task_id = run(engine, worker, "wait")
    assert engine.row(task_id)["awaits"] == "signal:answer"
    engine.db.run(signals.signal, task_id, "answer", {"yes": True}, owner="1", by="1")
    engine.run(task_id, worker=worker, remaining=600.0)
    assert engine.task(task_id).result == {"yes": True}


def test_an_approval_is_asked_for(engine: Engine, worker: Worker) -> None:
    task_id = run(engine, worker, "approve")
    assert engine.row(task_id)["awaits"] == "approval:pay"


def test_a_checkpoint_keeps_the_state(engine: Engine, worker: Worker) -> None:
    task_id = run(engine, worker, "checkpoint")
    assert engine.task(task_id).result["before"] is None


def test_children_of_another_lane_are_gathered(engine: Engine, worker: Worker) -> None:
    """The parent is `long`, its children are `quick`."""
    task_id = run(engine, worker, "children")
    assert engine.row(task_id)["waiting_for"] == 2
    children = [message.task_id for message in engine.queue.sent if message.type == "test.noop"]
    engine.run(*children)
    engine.run(task_id, worker=worker, remaining=600.0)
    assert engine.task(task_id).result == {"children": 2}


def test_a_handler_that_got_further_continues_when_its_time_is_up(engine: Engine, worker: Worker) -> None:
    """The second run skips the recorded step; the attempt is not spent."""
    task_id = run(engine, worker, "continue")
    assert engine.task(task_id).status is Status.PENDING
    engine.run(task_id, worker=worker, remaining=600.0)
    assert (engine.task(task_id).status, engine.task(task_id).attempts) == (Status.COMPLETED, 1)
    assert kinds(engine, task_id) == ["submitted", "started", "step", "continued", "started", "completed"]
    assert len(CALLED) == 2


@pytest.mark.parametrize("do", ["parallel", "gather-steps", "stream", "checkpoint"])
def test_the_test_kit_runs_async_handlers(database_url: str, do: str) -> None:
    with durable(database_url, "tests.support.agents") as kit:
        task = kit.submit("test.asyncTour", {"do": do})
        kit.run_until_idle()
        assert task.status == "completed"
