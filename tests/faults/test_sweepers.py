"""Sweepers and redrives in any number, and clocks that jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import floor
from uuid import UUID

from orchestrator.engine import schedules
from orchestrator.engine.operators.redrive import Selection, redrive
from orchestrator.engine.recurrence import Recurrence
from orchestrator.engine.schedules import ScheduleRequest
from orchestrator.model.states import Status
from orchestrator.store import attempts
from tests.faults.lab import Lab


def lose_wake_ups(lab: Lab, tasks: int) -> list[UUID]:
    lab.engine.queue.broken = True
    ids = [lab.engine.submit().id for _ in range(tasks)]
    lab.engine.queue.broken = False
    return ids


def test_two_sweepers_at_once_send_every_lost_message_once(lab: Lab) -> None:
    ids = lose_wake_ups(lab, 20)
    lab.engine.move_clock(200)
    with lab.paused_at("sweeper", "sweep.marked", clock=200) as first:
        assert lab.sweep()["woken"] == 0
    first.done()
    assert sorted(lab.wire.sent("tasks")) == sorted(str(task_id) for task_id in ids)


def test_a_sweeper_passes_over_rows_that_another_one_locked(lab: Lab) -> None:
    locked, free = lose_wake_ups(lab, 2)
    lab.engine.move_clock(200)
    lab.engine.db.connection().execute("SET lock_timeout = '500ms'")
    with lab.wire.connection.transaction():
        lab.wire.connection.execute("SELECT FROM agent_tasks WHERE id = %s FOR UPDATE", (locked,))
        assert lab.sweep()["woken"] == 1
    assert lab.engine.queue.ids == [free]


def test_a_lost_task_message_is_sent_again_within_three_minutes(lab: Lab) -> None:
    (task_id,) = lose_wake_ups(lab, 1)
    lab.recover(minutes=3)
    assert lab.engine.task(task_id).status is Status.COMPLETED


def test_a_dead_workers_task_is_taken_up_when_its_lease_ends(lab: Lab) -> None:
    task = lab.engine.submit()
    lab.engine.db.run(attempts.claim, [task.id], worker="dies", lease=60, alone=False)
    lab.recover(minutes=3)
    assert lab.engine.task(task.id).status is Status.COMPLETED


def test_two_redrives_at_once_redrive_every_task_once(lab: Lab) -> None:
    ids = [lab.engine.submit(payload={"do": "raise"}, max_attempts=1).id for _ in range(10)]
    lab.engine.run(*ids)
    lab.engine.queue.sent.clear()
    with lab.paused_at("redrive", "redrive.committed") as first:
        assert redrive(lab.engine.db, lab.engine.queue, lab.engine.events, Selection(), "second") == []
    assert len(first.done()) == 10
    for task_id in ids:
        assert lab.engine.kinds(task_id).count("redriven") == 1
        assert lab.engine.task(task_id).attempts == 0


def test_a_message_moved_back_by_aws_redrives_and_a_stale_one_does_not(lab: Lab) -> None:
    task = lab.engine.submit(payload={"do": "raise"}, max_attempts=1)
    lab.engine.run(task.id)
    dead_at = floor(lab.engine.row(task.id)["dead_at"].timestamp() * 1000)
    for stale in (0, dead_at - 1, dead_at):
        assert lab.engine.run(task.id, sent_ms=stale) == []
        assert lab.engine.kinds(task.id).count("redriven") == 0
    lab.engine.run(task.id, sent_ms=dead_at + 1)
    assert lab.engine.kinds(task.id).count("redriven") == 1


def test_a_moved_message_counts_though_its_stale_twin_comes_with_it(lab: Lab) -> None:
    from dataclasses import replace

    from orchestrator.engine.execution.messages import run_batch
    from tests.support.engine import message_for

    task = lab.engine.submit(payload={"do": "raise"}, max_attempts=1)
    lab.engine.run(task.id)
    dead_at = floor(lab.engine.row(task.id)["dead_at"].timestamp() * 1000)
    moved, stale = (replace(message_for(task.id), sent_ms=dead_at + off) for off in (5, -5))
    run_batch(lab.engine.worker, [moved, stale], lambda: 60.0)
    assert lab.engine.kinds(task.id).count("redriven") == 1


def test_a_clock_that_jumps_ahead_only_ends_leases_early(lab: Lab) -> None:
    ids = [lab.engine.submit().id for _ in range(3)]
    with lab.paused_at("worker", "run.claimed", ids=ids) as worker:
        lab.engine.move_clock(86_400)
        lab.sweep()
        lab.deliver()
    worker.done()
    lab.recover()
    lab.check()
    assert {lab.engine.task(task_id).attempts for task_id in ids} == {1}


def test_a_clock_that_falls_back_only_delays(lab: Lab) -> None:
    lab.engine.move_clock(0)
    task = lab.engine.submit()
    lab.engine.move_clock(-3600)
    assert lab.engine.run(task.id) == [str(task.id)]
    assert lab.engine.queue.hidden[str(task.id)] == 3600
    assert lab.engine.task(task.id).attempts == 0
    lab.engine.move_clock(3600)
    assert lab.engine.run(task.id) == []
    lab.check()


def test_a_year_in_lord_howe_has_each_run_once_though_sweepers_are_killed(lab: Lab) -> None:
    """Two sweepers work side by side in steps of five days; every second step one of them is killed at its commit."""
    start = datetime(2026, 7, 1, 3, tzinfo=UTC)
    lab.engine.now = start
    lab.engine.move_clock(0)
    rhythm = Recurrence("15 2 * * *", None, "Australia/Lord_Howe")
    request = ScheduleRequest(owner="1", type="test.noop", payload={}, recurrence=rhythm, by_user=False)
    schedule = schedules.create(lab.engine.db, lab.engine.agents, request)
    for step in range(73):
        lab.engine.move_clock(5 * 86_400)
        if step % 12 == 5:
            lab.kill_at("sweeper", "sweep.scheduled", clock=lab.clock())
        elif step % 12 == 11:
            with lab.paused_at("sweeper", "sweep.scheduled", clock=lab.clock()):
                lab.sweep()
        lab.sweep()
    assert lab.engine.now is not None
    expected, moment = [], schedule.next_at
    while moment <= lab.engine.now + timedelta(minutes=15):
        expected.append(f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        moment = rhythm.next_after(moment)
    rows = lab.engine.db.connection().execute("SELECT idempotency_key AS key FROM agent_tasks").fetchall()
    assert sorted(row["key"].split(":", 2)[2] for row in rows) == expected
    assert 364 <= len(expected) <= 366
    lab.recover()
