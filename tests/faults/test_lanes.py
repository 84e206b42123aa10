"""A task runs in the lane of its type, whichever queue its message arrives in."""

from __future__ import annotations

import pytest

from orchestrator.engine.execution.worker import Worker
from orchestrator.model.states import Status
from tests.faults.test_long_lane import outcomes
from tests.support.engine import Engine
from tests.support.model_server import ModelServer


@pytest.fixture
def worker(engine: Engine) -> Worker:
    return engine.long_worker()


@pytest.mark.parametrize(("lane", "kind"), [("quick", "test.think"), ("long", "test.noop")])
@pytest.mark.parametrize("suspect", [False, True])
def test_a_task_in_the_wrong_lane_is_forwarded(engine: Engine, lane: str, kind: str, suspect: bool) -> None:
    wrong = engine.long_worker() if lane == "long" else engine.worker
    right = engine.worker if lane == "long" else engine.long_worker()
    moved = engine.submit(kind)
    own = engine.submit("test.noop" if lane == "quick" else "test.think")
    engine.db.connection().execute("UPDATE agent_tasks SET suspect = %s WHERE id = %s", (suspect, moved.id))
    engine.queue.sent.clear()
    assert engine.run(moved.id, own.id, worker=wrong, remaining=600.0) == []
    assert [(message.task_id, message.type) for message in engine.queue.sent] == [(moved.id, kind)]
    assert engine.kinds(moved.id) == ["submitted"]
    assert engine.task(own.id).status is Status.COMPLETED
    assert engine.run(moved.id, worker=right, remaining=600.0) == []
    assert (engine.task(moved.id).status, engine.task(moved.id).attempts) == (Status.COMPLETED, 1)


def test_a_forward_that_the_queue_refuses_comes_back(engine: Engine) -> None:
    task = engine.submit("test.think")
    engine.queue.broken = True
    assert engine.run(task.id) == [str(task.id)]
    assert engine.queue.hidden[str(task.id)] == 5
    assert engine.kinds(task.id) == ["submitted"]


def test_a_suspected_task_runs_without_neighbours(engine: Engine, worker: Worker) -> None:
    with ModelServer() as model:
        suspect, *others = [engine.submit("test.think", {"url": model.url}).id for _ in range(4)]
        engine.db.connection().execute("UPDATE agent_tasks SET suspect = true WHERE id = %s", (suspect,))
        back = engine.run(suspect, *others, worker=worker, remaining=600.0)
        assert sorted(back) == sorted(map(str, others))
        assert outcomes(engine, [suspect, *others]) == [("completed", 1, 1)] + [("pending", 0, 0)] * 3
        assert engine.run(*others, worker=worker, remaining=600.0) == []
    assert outcomes(engine, others) == [("completed", 1, 1)] * 3


def test_an_interrupt_does_not_end_the_event_loop(engine: Engine, worker: Worker) -> None:
    async def leave() -> None:
        raise KeyboardInterrupt

    async def live() -> str:
        return "lives"

    with pytest.raises(RuntimeError, match="KeyboardInterrupt"):
        worker.loop.submit(leave()).result(60)
    assert worker.loop.submit(live()).result(60) == "lives"
    worker.loop.close()


def test_a_worker_of_the_long_lane_needs_a_pool(engine: Engine) -> None:
    worker = engine.new_worker()
    worker.lane = "long"
    with pytest.raises(RuntimeError, match="pool"):
        engine.run(engine.submit("test.think").id, worker=worker)
