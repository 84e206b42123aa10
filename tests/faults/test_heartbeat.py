"""Leases are short and renewed: a living worker keeps its tasks, and a dead one is noticed within 90 seconds."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest

from orchestrator.engine.execution.batch import BatchRun
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.heartbeat import LEASE, PATIENCE, RENEW_AFTER, TICK, Heartbeat
from orchestrator.model.fault_injection import Point, arm
from orchestrator.model.states import Status
from orchestrator.store import attempts
from tests.faults.lab import Lab
from tests.support.engine import Engine, message_for


def claimed_run(engine: Engine, *ids: UUID) -> BatchRun:
    claimed = engine.worker.db.run(attempts.claim, list(ids), worker="w", lease=LEASE, alone=False)
    return BatchRun(engine.worker, claimed, lambda: 60.0, Deliveries(engine.worker, [message_for(id) for id in ids]))


def heartbeat(engine: Engine) -> Heartbeat:
    return Heartbeat(engine.database("worker"), thread=False)


def test_a_renewed_lease_is_not_taken(lab: Lab) -> None:
    engine = lab.engine
    engine.move_clock(0)
    task = engine.submit()
    run, beats = claimed_run(engine, task.id), heartbeat(engine)
    for _ in range(12):
        engine.move_clock(RENEW_AFTER)
        beats.renew(run)
        lab.sweep()
    assert engine.row(task.id)["status"] == "processing"
    assert engine.kinds(task.id) == ["submitted"]


@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("phase", range(0, 60, 7))
def test_a_dead_worker_is_noticed_within_90_seconds(lab: Lab, phase: int, started: bool) -> None:
    """The sweeper runs once a minute, at any phase of the lease; nothing but its messages wakes a worker."""
    engine = lab.engine
    engine.move_clock(0)
    task = engine.submit()
    claimed = engine.db.run(attempts.claim, [task.id], worker="dies", lease=LEASE, alone=False)
    if started:
        engine.db.run(attempts.start, claimed, {})
    engine.queue.sent.clear()
    due = []
    for second in range(91):
        if second % 60 == phase:
            lab.sweep()
            due += [second + wake.delay for wake in engine.queue.sent if wake.task_id == task.id]
            engine.queue.sent.clear()
        if second in due:
            engine.run(task.id)
        if engine.row(task.id)["status"] == "completed":
            return
        engine.move_clock(1)
    raise AssertionError(f"after 90 s it is {engine.row(task.id)['status']}, messages were due at {due}")


def test_the_sweeper_sends_nothing_about_living_workers(lab: Lab) -> None:
    engine = lab.engine
    engine.move_clock(0)
    task = engine.submit()
    run, beats = claimed_run(engine, task.id), heartbeat(engine)
    engine.queue.sent.clear()
    for second in range(1, 181):
        engine.move_clock(1)
        if second % int(RENEW_AFTER + TICK) == 0:
            beats.renew(run)
        if second % 60 == 0:
            lab.sweep()
    assert engine.queue.sent == []


def test_tasks_behind_a_handler_that_takes_long_are_returned_while_it_runs(engine: Engine) -> None:
    """No pace of the type is known, so all were claimed."""
    beats = heartbeat(engine)
    engine.worker = worker = engine.new_worker()
    worker.heartbeat = beats
    ids = [engine.submit().id for _ in range(3)]

    def beat(point: Point) -> None:
        if point == "run.in_handler":
            arm(None)
            beats.beat(beats._claimed + PATIENCE)
            states.extend(engine.row(id)["status"] for id in ids)

    states: list[str] = []
    arm(beat)
    try:
        back = engine.run(*ids, worker=worker)
    finally:
        arm(None)
    assert sorted(states) == ["pending", "pending", "processing"]
    assert len(back) == 2
    assert {engine.queue.hidden[id] for id in back} == {0}
    assert [engine.kinds(UUID(id)) for id in back] == [["submitted"]] * 2
    assert [engine.effects(id) for id in ids if str(id) not in back] == [1]


def test_a_batch_of_quick_handlers_renews_nothing(engine: Engine) -> None:
    beats = heartbeat(engine)
    engine.worker.heartbeat = beats
    task = engine.submit()
    engine.run(task.id)
    beats.beat(beats._claimed + 10 * LEASE)
    assert beats._db._connection is None, "the heartbeat opened a connection"
    assert engine.task(task.id).status is Status.COMPLETED


def test_the_thread_renews_and_ends_when_nothing_runs(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "orchestrator.engine.execution.heartbeat"
    for name, value in {"TICK": 0.01, "RENEW_AFTER": 0.0, "IDLE_TICKS": 2}.items():
        monkeypatch.setattr(f"{module}.{name}", value)
    renewed = threading.Event()
    beats = Heartbeat(engine.database("worker"))
    run = claimed_run(engine, engine.submit().id)
    arm(lambda point: renewed.set() if point == "run.renewed" else None)
    try:
        beats.keep(run)
        thread = beats._thread
        assert renewed.wait(60)
        beats.drop()
        assert thread is not None
        thread.join(60)
        assert not thread.is_alive()
    finally:
        arm(None)


def test_a_lost_database_does_not_end_the_heartbeat(engine: Engine) -> None:
    run = claimed_run(engine, engine.submit().id)
    beats = heartbeat(engine)
    beats.keep(run)
    beats._claimed = beats._renewed = 0.0
    pid = beats._db.connection().info.backend_pid
    beats._run = run
    engine.db.connection().execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    beats.beat(RENEW_AFTER)
    assert beats._renewed == RENEW_AFTER
