"""The long lane: attempts side by side, each with its own lease, time limit and commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.cancel import cancel
from orchestrator.engine.execution.worker import Worker, start_thread
from orchestrator.model.states import Status
from tests.faults.lab import Lab
from tests.support.agents.test_think import BLOCKS, GO_ON, WENT_ON
from tests.support.engine import Engine
from tests.support.model_server import ModelServer

#: An `async def` handler, and a plain one.
KINDS = ["test.think", "test.thinkLong"]


@pytest.fixture
def worker(engine: Engine) -> Worker:
    GO_ON.clear()
    BLOCKS.clear()
    WENT_ON.clear()
    return engine.long_worker()


def wait_until(condition: Callable[[], object]) -> None:
    """Return when the condition is true; fail when it does not within a minute."""
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, "the condition did not become true"
        threading.Event().wait(0.01)


@contextmanager
def running(engine: Engine, worker: Worker, *ids: UUID) -> Iterator[list[list[str]]]:
    """Run a batch in a thread beside the block, and wait for its end."""
    back: list[list[str]] = []
    thread = threading.Thread(target=lambda: back.append(engine.run(*ids, worker=worker, remaining=600.0)))
    thread.start()
    try:
        yield back
    finally:
        thread.join(120)
        assert not thread.is_alive()


def outcomes(engine: Engine, ids: list[UUID]) -> list[tuple[str, int, int]]:
    """Return the status, attempts and effects of each task."""
    return [(engine.task(id).status.value, engine.task(id).attempts, engine.effects(id)) for id in ids]


@pytest.mark.parametrize("kind", KINDS)
def test_ten_attempts_run_side_by_side(engine: Engine, worker: Worker, kind: str) -> None:
    """The model does not answer before all ten calls are there."""
    with ModelServer(together=10) as model:
        ids = [engine.submit(kind, {"url": model.url}).id for _ in range(10)]
        assert engine.run(*ids, worker=worker, remaining=600.0) == []
    assert outcomes(engine, ids) == [("completed", 1, 1)] * 10
    assert model.most == 10
    assert {engine.task(id).result["answer"] for id in ids} == {42}
    expected = ["submitted", "started", "step", "completed"]
    assert all([kind for kind in engine.kinds(id) if kind != "progress"] == expected for id in ids)


@pytest.mark.parametrize("kind", KINDS)
def test_never_more_than_slots_run_at_once(engine: Engine, worker: Worker, kind: str) -> None:
    worker.slots = 3
    with ModelServer(together=3) as model:
        ids = [engine.submit(kind, {"url": model.url}).id for _ in range(9)]
        waiting = [str(id) for id in ids]
        while waiting:
            back = engine.run(*map(UUID, waiting), worker=worker, remaining=600.0)
            assert len(back) == len(waiting) - 3
            assert {engine.queue.hidden[id] for id in back} <= {0}
            waiting = back
    assert model.most == 3
    assert outcomes(engine, ids) == [("completed", 1, 1)] * 9


@pytest.mark.parametrize("kind", KINDS)
def test_an_attempt_is_committed_as_soon_as_it_ends(engine: Engine, worker: Worker, kind: str) -> None:
    with ModelServer() as model:
        slow = engine.submit(kind, {"url": f"{model.url}/later"}).id
        quick = engine.submit(kind, {"url": model.url}).id
        with running(engine, worker, slow, quick):
            assert model.waiting.wait(60)
            wait_until(lambda: engine.task(quick).status is Status.COMPLETED)
            assert engine.task(slow).status is Status.PROCESSING
            model.release.set()
    assert outcomes(engine, [slow, quick]) == [("completed", 1, 1)] * 2


def test_no_transaction_is_open_while_a_model_thinks(engine: Engine, worker: Worker) -> None:
    with ModelServer() as model:
        ids = [engine.submit(kind, {"url": f"{model.url}/later"}).id for kind in KINDS * 2]
        with running(engine, worker, *ids):
            wait_until(lambda: sum(model.calls.values()) == 4)
            open_ = engine.db.connection().execute(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%'"
            )
            row = open_.fetchone()
            assert row is not None
            assert row["n"] == 0
            model.release.set()
    assert outcomes(engine, ids) == [("completed", 1, 1)] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_in_the_transaction_leaves_no_effect(engine: Engine, worker: Worker, kind: str) -> None:
    task = engine.submit(kind, {"do": "raise-inside"}, max_attempts=1)
    engine.run(task.id, worker=worker, remaining=600.0)
    assert outcomes(engine, [task.id]) == [("dead-letter", 1, 0)]
    assert engine.task(task.id).error["message"] == "inside"


@pytest.mark.parametrize(
    ("kind", "do", "error"),
    [
        ("test.think", "step-inside", "StepInsideTransaction"),
        ("test.thinkLong", "step-inside", "StepInsideTransaction"),
        ("test.thinkLong", "progress-inside", "StepInsideTransaction"),
        ("test.thinkLong", "db", "RuntimeError"),
        ("test.thinkLong", "write", "ReadOnlySqlTransaction"),
    ],
)
def test_nothing_slow_or_unfenced_in_a_transaction(
    engine: Engine, worker: Worker, kind: str, do: str, error: str
) -> None:
    task = engine.submit(kind, {"do": do}, max_attempts=1)
    engine.run(task.id, worker=worker, remaining=600.0)
    assert outcomes(engine, [task.id]) == [("dead-letter", 1, 0)]
    assert engine.task(task.id).error["type"] == error


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_sees_committed_rows(engine: Engine, worker: Worker, kind: str) -> None:
    task = engine.submit(kind, {"do": "read"})
    engine.db.connection().execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, 0)", (task.id,))
    engine.run(task.id, worker=worker, remaining=600.0)
    assert engine.task(task.id).result == {"rows": [{"n": 1}]}


def test_a_coroutine_is_cancelled_when_its_time_is_up(engine: Engine, worker: Worker) -> None:
    with ModelServer(together=2) as model:
        overdue = engine.submit("test.thinkOverdue", {"do": "sleep"}).id
        others = [engine.submit("test.think", {"url": model.url}).id for _ in range(2)]
        assert engine.run(overdue, *others, worker=worker, remaining=600.0) == []
    task = engine.task(overdue)
    assert (task.status, task.error["kind"]) == (Status.DEAD_LETTER, "timeout")
    assert outcomes(engine, others) == [("completed", 1, 1)] * 2


def test_a_coroutine_that_catches_the_cancel_changes_nothing(engine: Engine, worker: Worker) -> None:
    """Its connection serves the next attempt, whose transaction it must not reach."""
    late = engine.submit("test.thinkOverdue", {"do": "write-late"}).id
    engine.run(late, worker=worker, remaining=600.0)
    assert (engine.task(late).status, engine.task(late).error["kind"]) == (Status.DEAD_LETTER, "timeout")
    wait_until(lambda: WENT_ON)
    assert engine.effects(late) == 0
    after = engine.submit("test.think").id
    engine.run(after, worker=worker, remaining=600.0)
    assert outcomes(engine, [after]) == [("completed", 1, 1)]


def test_a_thread_that_goes_on_changes_nothing(engine: Engine, worker: Worker) -> None:
    task = engine.submit("test.thinkSpin")
    engine.run(task.id, worker=worker, remaining=600.0)
    assert engine.task(task.id).error["kind"] == "timeout"
    history = engine.kinds(task.id)
    GO_ON.set()
    wait_until(lambda: WENT_ON)
    assert WENT_ON != ["wrote"]
    assert (engine.effects(task.id), engine.kinds(task.id)) == (0, history)


def starts_after(first: UUID, begun: threading.Event) -> Callable[[Callable[[], None]], None]:
    """Return a starter of threads: the attempt of the task `first` starts, and when it has `begun`, the others."""
    waiting: list[Callable[[], None]] = []

    def start(work: Callable[[], None]) -> None:
        assert isinstance(work, partial)
        if work.args[0].attempt.id != first and not begun.is_set():
            waiting.append(work)
            return
        start_thread(work)
        assert begun.wait(60)
        for each in waiting:
            start_thread(each)
        waiting.clear()

    return start


def test_a_handler_that_blocks_the_loop_costs_its_neighbours_nothing(engine: Engine, worker: Worker) -> None:
    """The neighbour's time is up while it cannot run: it is released, and the next invocation has another loop."""
    blocks = engine.submit("test.thinkOverdue", {"do": "block"}).id
    neighbour = engine.submit("test.thinkOverdue").id
    plain = engine.submit("test.thinkLong").id
    worker.start = starts_after(blocks, BLOCKS)
    try:
        back = engine.run(blocks, neighbour, plain, worker=worker, remaining=600.0)
        assert engine.task(blocks).error["kind"] == "timeout"
        assert outcomes(engine, [plain]) == [("completed", 1, 1)]
        assert back == [str(neighbour)]
        assert outcomes(engine, [neighbour]) == [("pending", 0, 0)]
        engine.run(neighbour, worker=worker, remaining=600.0)
        assert engine.task(neighbour).status is Status.COMPLETED
    finally:
        GO_ON.set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_heartbeat_ends_a_cancelled_attempt(engine: Engine, worker: Worker, kind: str) -> None:
    with ModelServer() as model:
        task = engine.submit(kind, {"url": f"{model.url}/later"})
        with running(engine, worker, task.id):
            assert model.waiting.wait(60)
            cancel(engine.database(), engine.queue, engine.events, "1", task.id)
            run = worker.heartbeat._run
            assert run is not None
            worker.heartbeat.renew(run)
            if kind == "test.thinkLong":
                model.release.set()  # a thread ends at its next call of the context
        model.release.set()
    assert engine.kinds(task.id) == ["submitted", "started", "cancelled"]
    assert engine.effects(task.id) == 0


def test_the_lease_of_each_attempt_is_renewed(engine: Engine, worker: Worker) -> None:
    engine.move_clock(0)
    with ModelServer() as model:
        ids = [engine.submit(kind, {"url": f"{model.url}/later"}).id for kind in KINDS]
        with running(engine, worker, *ids):
            wait_until(lambda: sum(model.calls.values()) == 2)
            before = {id: engine.row(id)["leased_until"] for id in ids}
            beats = worker.heartbeat
            assert beats._run is not None
            engine.move_clock(30)
            beats.renew(beats._run)
            for id in ids:
                assert (engine.row(id)["leased_until"] - before[id]).total_seconds() == pytest.approx(30, abs=1)
            model.release.set()


def test_attempts_survive_the_loss_of_every_connection(engine: Engine, worker: Worker) -> None:
    with ModelServer() as model:
        ids = [engine.submit(kind, {"url": f"{model.url}/later"}).id for kind in KINDS * 2]
        with running(engine, worker, *ids):
            wait_until(lambda: sum(model.calls.values()) == 4)
            engine.db.connection().execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename LIKE '%worker%'"
            )
            model.release.set()
    assert outcomes(engine, ids) == [("completed", 1, 1)] * 4
    assert set(model.calls.values()) == {1}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nth", [1, 5])
def test_a_kill_in_the_middle_of_ten(lab: Lab, kind: str, nth: int) -> None:
    """Ten completions, one effect each, no attempt spent. A step that was recorded is not repeated."""
    with ModelServer() as model:
        ids = [lab.engine.submit(kind, {"url": model.url}, max_attempts=2).id for _ in range(10)]
        lab.kill_at("long", "run.in_handler", ids=ids, nth=nth)
        recorded = {
            f"{row['task_id']}:ask"
            for row in lab.engine.db.connection().execute("SELECT task_id FROM agent_task_steps").fetchall()
        }
        long = lab.engine.long_worker()
        lab.engine.run = _delivering(lab.engine, long)  # type: ignore[method-assign] # tasks go to their lane
        lab.recover()
        lab.check()
        assert outcomes(lab.engine, ids) == [("completed", 1, 1)] * 10
        assert all(model.calls[key] == 1 for key in recorded)
        assert max(model.calls.values()) <= 2


def _delivering(engine: Engine, long: Worker) -> Callable[..., list[str]]:
    """Return `engine.run` with the long worker, which gets returned messages again at once, as SQS delivers them."""
    run = engine.run

    def deliver(*ids: UUID, **options: Any) -> list[str]:
        back = run(*ids, worker=long, **{**options, "remaining": 600.0})
        while now := [UUID(id) for id in back if engine.queue.hidden[id] == 0]:
            back = [id for id in back if UUID(id) not in now] + run(*now, worker=long, remaining=600.0)
        return back

    return deliver
