"""The minute that a sweep keeps."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator.aws.websocket_api import Sockets
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.model.ids import first_id_at
from orchestrator.observability import metrics
from orchestrator.store import attempts
from tests.support.engine import Engine


@pytest.fixture
def sweeper(engine: Engine) -> Sweeper:
    return Sweeper(
        db=engine.database("sweeper"),
        queue=engine.queue,
        dead_letters=engine.dead_letters,
        events=engine.events,
        sockets=Sockets("none"),
        flags=engine.flags,
    )


def minutes(engine: Engine) -> list[dict[str, Any]]:
    return engine.db.connection().execute("SELECT * FROM figure_minutes ORDER BY at").fetchall()


@pytest.fixture(autouse=True)
def clock(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute begins, for Postgres and for those who make ids."""
    engine.now = datetime(2030, 1, 1, tzinfo=UTC)
    engine.move_clock(0)
    made = itertools.count(first_id_at(engine.now).int)
    monkeypatch.setattr("orchestrator.engine.submit.new_task_id", lambda: UUID(int=next(made)))


def test_a_period_has_its_events_and_its_final_state(engine: Engine, sweeper: Sweeper) -> None:
    good, bad, lost = engine.submit().id, engine.submit(payload={"do": "raise"}, max_attempts=1).id, engine.submit().id
    engine.run(good)
    engine.run(bad)
    engine.db.run(attempts.claim, [lost], worker="dies", lease=-1, alone=False)
    engine.run(lost)
    engine.submit()
    engine.move_clock(61)
    sweep(sweeper, lambda: 30.0)
    (kept,) = minutes(engine)
    assert (kept["completed"], kept["died"], kept["leases_lost"], kept["due"], kept["dead"]) == (2, 1, 1, 1, 1)
    assert kept["submitted"] == 4
    assert kept["oldest"] == pytest.approx(61, abs=1)
    assert kept["p50"] is not None
    of_type = kept["by_type"]["test.effect"]
    assert (of_type["completed"], of_type["died"], of_type["due"]) == (2, 1, 1)
    assert "refused" not in of_type, "nothing is kept of nothing"


def test_it_is_kept_once_and_stays_as_it_was(engine: Engine, sweeper: Sweeper) -> None:
    engine.run(engine.submit(payload={"do": "raise"}, max_attempts=1).id)
    engine.move_clock(70)
    sweep(sweeper, lambda: 30.0)
    before = minutes(engine)
    engine.db.connection().execute("DELETE FROM agent_tasks")
    engine.move_clock(20)
    sweep(sweeper, lambda: 30.0)
    assert minutes(engine) == before
    engine.move_clock(60)
    sweep(sweeper, lambda: 30.0)
    assert [row["died"] for row in minutes(engine)] == [1, 0]


def test_a_failed_repair_keeps_no_figures_away(
    engine: Engine, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> dict[str, Any]:
        raise RuntimeError("AppConfig is away")

    monkeypatch.setattr(engine.flags, "last_read", away)
    with pytest.raises(RuntimeError):
        sweep(sweeper, lambda: 30.0)
    assert len(minutes(engine)) == 1


def test_minutes_are_pruned_after_a_week_and_occurrences_after_hours(engine: Engine, sweeper: Sweeper) -> None:
    lost = engine.submit().id
    engine.db.run(attempts.claim, [lost], worker="dies", lease=-1, alone=False)
    engine.run(lost)
    sweep(sweeper, lambda: 30.0)
    engine.move_clock(3 * 3600)
    sweep(sweeper, lambda: 30.0)
    assert engine.db.connection().execute("SELECT FROM occurrences").fetchall() == []
    engine.move_clock(7 * 86400 - 3600)
    sweep(sweeper, lambda: 30.0)
    assert len(minutes(engine)) == 2


def test_the_metric_of_a_whole_task_leaves_its_schedule_out(engine: Engine) -> None:
    metrics.forget()
    later = engine.submit(schedule_at=(engine.now or datetime.now(UTC)) + timedelta(hours=2)).id
    engine.move_clock(2 * 3600 + 3)
    engine.run(later)
    assert metrics._kept["test.effect"].durations["EndToEnd"] == [pytest.approx(3_000, abs=100)]
    metrics.forget()
