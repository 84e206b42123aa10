"""A rate-limited redrive returns a minute's worth of dead letters to pending at a time.

It keeps its rate, independent of the caller that advances it. An operator can stop it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.engine.operators import staged_redrive
from orchestrator.store import audit
from tests.integration.orchestrator.engine.dead_letters import (
    advance,
    begin,
    counts,
    dead,
    end_well,
    many_dead,
    run_due,
    run_sent,
)
from tests.support.engine import Engine


def due(engine: Engine) -> list[float]:
    """Return the seconds from now until each redriven task is due, in ascending order."""
    rows = engine.db.connection().execute(
        "SELECT extract(epoch FROM due_at - task_now())::float8 AS at"
        " FROM agent_tasks WHERE dead_at IS NULL ORDER BY due_at"
    )
    return [round(row["at"], 3) for row in rows.fetchall()]


def test_a_stop_leaves_at_most_a_minutes_worth_of_tasks(engine: Engine) -> None:
    engine.move_clock(0)
    many_dead(engine, 1_000)
    state = begun = begin(engine, rate=1)
    while state.released <= 100:
        engine.move_clock(5)
        end_well(engine)
        state = advance(engine, begun)
    stopped = staged_redrive.stop(engine.db, begun.id, "olga")
    assert 100 < stopped.released <= 160
    assert (stopped.open, counts(engine)["pending"]) == (60, 60)
    engine.move_clock(3_600)
    assert advance(engine, begun).released == stopped.released
    assert counts(engine)["dead-letter"] == 1_000 - stopped.released


def test_a_failure_in_the_last_stage_stops_it_as_well(engine: Engine) -> None:
    engine.move_clock(0)
    dead(engine, 100, repaired=True)
    state = begun = begin(engine, rate=1)
    while state.released <= 10:
        engine.move_clock(5)
        end_well(engine)
        state = advance(engine, begun)
    engine.queue.sent = [wake for wake in engine.queue.sent if wake.task_id == state.waiting_for]
    engine.db.connection().execute("UPDATE agent_tasks SET payload = '{\"do\": \"raise\"}' WHERE status = 'pending'")
    (failed,) = run_sent(engine)
    stopped = advance(engine, begun)
    assert (stopped.state, stopped.failed_task) == ("stopped", failed)
    assert counts(engine)["dead-letter"] >= 100 - 10 - 60


@pytest.mark.parametrize("seconds", [2, 60])
def test_it_keeps_its_pace_however_often_it_is_moved_on(engine: Engine, seconds: int) -> None:
    """Every two seconds by the watcher, every minute by the sweeper."""
    engine.move_clock(0)
    many_dead(engine, 200)
    begun = begin(engine, canary=False, rate=0.5)
    passed = 0
    while passed < 300:
        engine.move_clock(seconds)
        passed += seconds
        advance(engine, begun)
    assert due(engine) == [2.0 * position - passed for position in range((passed + 60) // 2)]


def test_a_stage_begins_no_sooner_than_the_pace_allows(engine: Engine) -> None:
    engine.move_clock(0)
    many_dead(engine, 100)
    begun = begin(engine, rate=0.1)
    for _ in range(5):
        end_well(engine)
        advance(engine, begun)
    assert due(engine) == [0, 10, 20, 30, 40, 50]


def test_a_slow_one_waits_for_its_turn_and_is_woken_for_it(engine: Engine) -> None:
    engine.move_clock(0)
    ids = dead(engine, 3, repaired=True)
    begun = begin(engine, canary=False, rate=0.002)
    for _ in range(8):
        assert [(wake.task_id, wake.delay) for wake in engine.queue.sent] == [(ids[0], 0)]
        engine.move_clock(55)
        advance(engine, begun)
    engine.move_clock(55)
    assert advance(engine, begun).released == 2
    assert [(wake.task_id, wake.delay) for wake in engine.queue.sent] == [(ids[0], 0), (ids[1], 5)]
    assert due(engine) == [-495, 5]
    row = engine.row(ids[1])
    assert row["wake_at"] - row["due_at"] == timedelta(minutes=2), "the sweeper sends it again if nobody took it"


def test_without_stages_it_goes_on_though_some_fail_again(engine: Engine) -> None:
    engine.move_clock(0)
    dead(engine, 3, repaired=False)
    begun = begin(engine, canary=False, rate=0.02)
    assert (begun.canary, begun.rate, begun.released, begun.total) == (False, 0.02, 2, 3)
    for _ in range(2):
        run_due(engine)
        engine.move_clock(60)
        assert advance(engine, begun).released == 3
    run_due(engine)
    assert advance(engine, begun).state == "done"
    (begun_by,) = engine.db.run(audit.list_actions, limit=9)
    assert (begun_by.detail["canary"], begun_by.detail["rate"], begun_by.detail["tasks"]) == (False, 0.02, 3)


def test_the_sweeper_moves_it_on_with_its_own_rights(engine: Engine) -> None:
    engine.move_clock(0)
    many_dead(engine, 200)
    begin(engine, canary=False, rate=1)
    engine.move_clock(60)
    assert staged_redrive.advance_all(engine.database("sweeper"), engine.queue, engine.events) == 1
    assert counts(engine) == {"pending": 120, "dead-letter": 80}
