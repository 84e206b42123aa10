"""Runs of schedules: each once, none missing, after any kill."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.engine import schedules
from orchestrator.engine.recurrence import Recurrence
from orchestrator.engine.schedules import ScheduleRequest, insert_due_runs
from orchestrator.store import schedules as store
from orchestrator.store.schedules import Schedule
from tests.support.engine import Engine
from tests.support.queues import RecordingQueue

LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def make(engine: Engine, cron: str | None = None, every: int | None = None, **more: Any) -> Schedule:
    request = ScheduleRequest(
        owner="1",
        type="test.noop",
        payload={},
        recurrence=Recurrence(cron, every, LORD_HOWE.key),
        by_user=False,
        **more,
    )
    return schedules.create(engine.db, engine.agents, request)


def runs(engine: Engine) -> list[datetime]:
    found = engine.db.connection().execute("SELECT due_at FROM agent_tasks ORDER BY due_at").fetchall()
    return [row["due_at"] for row in found]


def sweep(engine: Engine) -> int:
    return insert_due_runs(engine.database("sweeper"), engine.queue, lambda: 60.0)


def start_at(engine: Engine, moment: datetime) -> None:
    engine.now = moment
    engine.move_clock(0)


def test_two_sweepers_insert_each_run_of_a_year_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 17 hours the clock moves, two sweepers run side by side, and each fifth one dies after its commit."""
    start = datetime(2026, 7, 1, 3, tzinfo=UTC)
    start_at(engine, start)
    schedule = make(engine, "15 2 * * *")
    sweepers = [engine.database("sweeper") for _ in range(2)]
    queue, round_ = RecordingQueue(), 0
    with ThreadPoolExecutor(2) as pool:
        while engine.now is None or engine.now < start + timedelta(days=365):
            engine.move_clock(17 * 3600)
            list(pool.map(lambda database: insert_due_runs(database, queue, lambda: 60.0), sweepers))
            round_ += 1
    end = engine.now + timedelta(minutes=15)
    expected, moment = [], schedule.next_at
    while moment <= end:
        expected.append(moment)
        moment = Recurrence("15 2 * * *", None, LORD_HOWE.key).next_after(moment)
    keys = engine.db.connection().execute("SELECT idempotency_key AS key FROM agent_tasks").fetchall()
    named = sorted(row["key"].split(":", 2)[2] for row in keys)
    assert named == [f"{run:%Y-%m-%dT%H:%M:%SZ}" for run in expected]
    assert len(queue.sent) == len(expected)


def test_a_run_is_sent_ahead_with_the_queues_own_delay(engine: Engine) -> None:
    start_at(engine, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    make(engine, every=600)
    assert sweep(engine) == 1
    assert engine.queue.sent[-1].delay == 600
    assert runs(engine) == [datetime(2026, 7, 1, 12, 10, tzinfo=UTC)]
    assert sweep(engine) == 0


def test_a_sweeper_that_dies_before_its_commit_inserts_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    start_at(engine, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    make(engine, every=600)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "move_schedule", die)
        with pytest.raises(KeyboardInterrupt):
            sweep(engine)
    assert runs(engine) == []
    assert sweep(engine) == 1


def test_a_run_with_a_lost_message_is_repaired(engine: Engine) -> None:
    start_at(engine, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    make(engine, every=600)
    sweep(engine)
    row = engine.db.connection().execute("SELECT wake_at - due_at AS late FROM agent_tasks").fetchone()
    assert row == {"late": timedelta(minutes=2)}


def test_overlap_skip_waits_for_the_last_run(engine: Engine) -> None:
    start_at(engine, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    make(engine, every=600, overlap="skip")
    assert sweep(engine) == 0, "not ahead: whether the last run is over is known when the next one is due"
    engine.move_clock(600)
    assert sweep(engine) == 1
    engine.move_clock(600)
    assert sweep(engine) == 0
    task = engine.queue.sent[-1].task_id
    engine.run(task)
    engine.move_clock(3 * 600 + 1)
    assert sweep(engine) == 1, "one run for all that were missed"
    assert sweep(engine) == 0


def test_a_paused_schedule_does_not_run_and_makes_up_for_nothing(engine: Engine) -> None:
    start_at(engine, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    made = make(engine, every=600, paused=True)
    engine.move_clock(7200)
    assert sweep(engine) == 0
    resumed = schedules.change(
        engine.db,
        engine.agents,
        "1",
        made.id,
        lambda before: ScheduleRequest(
            owner="1", type=before.type, payload={}, recurrence=Recurrence(None, 600, "UTC"), by_user=False
        ),
    )
    assert resumed.next_at == datetime(2026, 7, 1, 14, 10, tzinfo=UTC)
    assert sweep(engine) == 1


def test_a_run_has_the_deadline_of_its_agent(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    start_at(engine, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    agent = engine.agents.get("test.noop")
    monkeypatch.setattr(engine.agents, "get", lambda _: replace(agent, deadline=7200.0))
    make(engine, every=600)
    assert sweep(engine) == 1
    row = engine.db.connection().execute("SELECT deadline_at - due_at AS life FROM agent_tasks").fetchone()
    assert row == {"life": timedelta(hours=2)}
