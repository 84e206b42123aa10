"""A redrive that takes its time goes on while all is well, and lets nothing more go once it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import errors as pg

from orchestrator.engine.operators import staged_redrive
from orchestrator.engine.operators.redrive import Selection, discard, redrive
from orchestrator.model.errors import Conflict
from orchestrator.model.states import Status
from orchestrator.store import attempts, audit, dead_letters
from orchestrator.store.connection import connect
from tests.integration.orchestrator.engine.dead_letters import advance, begin, dead, many_dead, run_sent
from tests.support.engine import Engine


def test_one_then_a_tenth_then_the_rest(engine: Engine) -> None:
    ids = dead(engine, 25, repaired=True)
    begun = begin(engine)
    assert (begun.state, begun.released, begun.total) == ("running", 1, 25)
    stages = []
    state = begun
    while state.state == "running":
        stages.append(len(run_sent(engine)))
        state = advance(engine, begun)
    assert stages == [1, 2, 22]
    assert state.state == "done"
    assert {engine.task(task_id).status for task_id in ids} == {Status.COMPLETED}


def test_it_waits_for_the_redriven_tasks(engine: Engine) -> None:
    dead(engine, 25, repaired=True)
    begun = begin(engine)
    again = advance(engine, begun)
    assert again.released == 1
    assert len(engine.queue.sent) == 1


def test_it_stops_when_the_failure_comes_back(engine: Engine) -> None:
    ids = dead(engine, 25, repaired=False)
    begun = begin(engine)
    (first,) = run_sent(engine)
    stopped = advance(engine, begun)
    assert stopped.state == "stopped"
    assert engine.row(first)["error"]["fingerprint"] in str(stopped.reason)
    assert {engine.task(task_id).status for task_id in ids} == {Status.DEAD_LETTER}
    actions = [(row.actor, row.action) for row in engine.db.run(audit.list_actions, limit=9)]
    assert actions == [("canary", "stop"), ("olga", "redrive")]


def test_it_stops_at_the_first_attempt_that_fails_again(engine: Engine) -> None:
    dead(engine, 5, repaired=False)
    engine.db.connection().execute("UPDATE agent_tasks SET max_attempts = 5")
    begun = begin(engine)
    (first,) = run_sent(engine)
    assert engine.task(first).status is Status.PENDING
    assert advance(engine, begun).state == "stopped"


def test_an_operator_stops_it(engine: Engine) -> None:
    dead(engine, 5, repaired=True)
    begun = begin(engine)
    assert staged_redrive.stop(engine.db, begun.id, "olga").state == "stopped"
    run_sent(engine)
    assert advance(engine, begun).released == 1
    with pytest.raises(Conflict):
        staged_redrive.stop(engine.db, begun.id, "olga")


def test_nothing_to_redrive_begins_nothing(engine: Engine) -> None:
    assert staged_redrive.begin(engine.db, engine.queue, engine.events, Selection(type="friend.ask"), "olga") is None


def test_groups_separate_failures_and_versions(engine: Engine) -> None:
    engine.worker.version = "1.0"
    dead(engine, 2, repaired=False)
    engine.worker.version = "1.1"
    task = engine.submit(owner="2", payload={"do": "raise"}, max_attempts=1)
    engine.run(task.id)
    groups = engine.db.run(dead_letters.group_dead_letters)
    assert [(g.version, g.tasks, g.owners, g.type) for g in groups] == [
        ("1.1", 1, 1, "test.effect"),
        ("1.0", 2, 1, "test.effect"),
    ]
    assert groups[0].fingerprint == groups[1].fingerprint
    assert groups[0].example_id == task.id
    assert groups[1].first_seen <= groups[1].last_seen
    assert engine.db.run(dead_letters.group_dead_letters, type="friend.ask") == []


@pytest.mark.parametrize(("alone", "state"), [(True, "stopped"), (False, "running")])
def test_a_worker_lost_alone_is_a_failure_and_in_a_batch_is_none(engine: Engine, alone: bool, state: str) -> None:
    """A worker lost in a batch does not show which task was at fault. Failures before the redrive do not count."""
    ids = dead(engine, 12, repaired=True)
    if alone:
        lost = '{"kind": "crashed", "message": "died", "fingerprint": "worker-lost"}'
        engine.db.connection().execute("UPDATE agent_tasks SET error = %s, max_attempts = 3", (lost,))
    begun = begin(engine)
    engine.db.run(attempts.claim, ids[:1], worker="dies", lease=10, alone=alone)
    engine.move_clock(11)
    assert len(engine.db.run(attempts.end_leases, ids[:1])) == 1
    assert advance(engine, begun).state == state


def test_failures_before_the_redrive_are_past(engine: Engine) -> None:
    ids = dead(engine, 12, repaired=True)
    engine.db.connection().execute('UPDATE agent_tasks SET payload = \'{"do": "raise"}\'')
    redrive(engine.db, engine.queue, engine.events, Selection(), "olga")
    assert sorted(run_sent(engine)) == sorted(ids)
    engine.db.connection().execute('UPDATE agent_tasks SET payload = \'{"do": "succeed"}\'')
    begun = begin(engine)
    run_sent(engine)
    assert advance(engine, begun).state == "running"


def test_one_that_dies_of_something_else_stops_it_too(engine: Engine) -> None:
    dead(engine, 12, repaired=False)
    engine.db.connection().execute('UPDATE agent_tasks SET error = error || \'{"fingerprint": "another"}\'')
    begun = begin(engine)
    assert begun.fingerprints == ["another"]
    run_sent(engine)
    stopped = advance(engine, begun)
    assert stopped.state == "stopped"
    assert "another" not in str(stopped.reason)


def test_only_one_moves_it_on_at_a_time(engine: Engine) -> None:
    dead(engine, 12, repaired=True)
    begun = begin(engine)
    run_sent(engine)
    other = connect(engine.url)
    engine.db.connection().execute("SET lock_timeout = '200ms'")
    with other.transaction():
        other.execute("SELECT FROM redrives FOR UPDATE")
        assert advance(engine, begun).released == 1
    other.close()
    assert engine.queue.sent == []
    assert advance(engine, begun).released == 2


def test_a_refusal_stops_a_canary_and_a_redrive_without_stages_goes_on(engine: Engine) -> None:
    ids = dead(engine, 12, repaired=True)
    engine.db.connection().execute('UPDATE agent_tasks SET payload = \'{"do": "refuse"}\'')
    begun = begin(engine)
    (first,) = run_sent(engine)
    assert engine.task(first).status is Status.FAILED
    stopped = advance(engine, begun)
    assert (stopped.state, stopped.released, stopped.failed_task) == ("stopped", 1, first)
    assert str(stopped.reason).startswith("1 of the released tasks was refused.")
    assert engine.db.run(audit.list_actions, limit=1)[0].detail["task"] == str(first)
    onward = begin(engine, canary=False, rate=1_000)
    engine.move_clock(1)
    assert sorted(run_sent(engine)) == sorted(set(ids) - {first})
    assert advance(engine, onward).state == "done"


def test_it_counts_the_refused(engine: Engine) -> None:
    dead(engine, 30, repaired=True)
    begun = begin(engine)
    run_sent(engine)
    advance(engine, begun)
    engine.db.connection().execute("UPDATE agent_tasks SET payload = '{\"do\": \"refuse\"}' WHERE status = 'pending'")
    run_sent(engine)
    assert str(advance(engine, begun).reason).startswith("2 of the released tasks were refused.")


def test_it_names_its_cause_of_waiting_and_the_task_that_stopped_it(engine: Engine) -> None:
    ids = dead(engine, 5, repaired=False)
    begun = begin(engine)
    assert (begun.open, begun.waiting_for, begun.failed_task) == (1, ids[0], None)
    assert staged_redrive.newest(engine.db, 5) == [begun]
    run_sent(engine)
    stopped = advance(engine, begun)
    assert (stopped.open, stopped.waiting_for, stopped.failed_task) == (0, None, ids[0])


def test_one_that_runs_is_shown_however_old_it_is(engine: Engine) -> None:
    ids = dead(engine, 3, repaired=True)
    begun = []
    for task_id in ids:
        engine.queue.sent.clear()
        begun.append(begin(engine, ids=[task_id]))
    for later in begun[1:]:
        staged_redrive.stop(engine.db, later.id, "olga")
    assert [each.id for each in staged_redrive.newest(engine.db, 1)] == [begun[2].id, begun[0].id]


def test_a_task_that_a_stop_is_too_late_for_is_still_counted(engine: Engine) -> None:
    ids = dead(engine, 5, repaired=True)
    begun = begin(engine)
    stopped = staged_redrive.stop(engine.db, begun.id, "olga")
    assert (stopped.open, stopped.waiting_for) == (1, ids[0])


def test_one_takes_the_oldest_thousand(engine: Engine) -> None:
    many_dead(engine, 1_005)
    oldest_left = engine.db.run(dead_letters.select_dead_letters, limit=1_001)[-1].id
    begun = begin(engine, canary=False, rate=1_000)
    assert (begun.total, begun.released) == (1_000, 1_000)
    left = [row.id for row in engine.db.run(dead_letters.select_dead_letters, limit=9)]
    assert (len(left), left[0]) == (5, oldest_left)


@contextmanager
def untraced(engine: Engine) -> Iterator[None]:
    """Nothing more can be written to the audit trail."""
    audit = engine.db.connection()
    audit.execute("ALTER TABLE operator_actions ADD CONSTRAINT trail_is_full CHECK (false) NOT VALID")
    yield
    audit.execute("ALTER TABLE operator_actions DROP CONSTRAINT trail_is_full")


MOVES: dict[str, Callable[[Engine], object]] = {
    "redrive": lambda engine: redrive(engine.db, engine.queue, engine.events, Selection(), "olga"),
    "discard": lambda engine: discard(engine.db, engine.events, Selection(), "olga", "a test"),
    "in stages": begin,
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_nothing_moves_that_leaves_no_trace(engine: Engine, move: Callable[[Engine], object]) -> None:
    ids = dead(engine, 3, repaired=True)
    engine.events.owners.clear()
    with untraced(engine), pytest.raises(pg.CheckViolation):
        move(engine)
    assert {engine.task(task_id).status for task_id in ids} == {Status.DEAD_LETTER}
    assert (engine.queue.sent, engine.events.owners, staged_redrive.newest(engine.db, 9)) == ([], [], [])
    move(engine)
    assert engine.events.owners == ["1"], "who watches is told"


@pytest.mark.parametrize("repaired", [True, False], ids=["by an operator", "by itself"])
def test_no_stop_leaves_no_trace(engine: Engine, repaired: bool) -> None:
    dead(engine, 3, repaired=repaired)
    begun = begin(engine)
    run_sent(engine)
    with untraced(engine), pytest.raises(pg.CheckViolation):
        staged_redrive.stop(engine.db, begun.id, "olga") if repaired else advance(engine, begun)
    assert staged_redrive.show(engine.db, begun.id).state == "running"


def test_a_redrive_of_nothing_is_not_stored(engine: Engine) -> None:
    assert redrive(engine.db, engine.queue, engine.events, Selection(), "olga") == []
    assert discard(engine.db, engine.events, Selection(), "olga", "a test") == []
    assert staged_redrive.begin(engine.db, engine.queue, engine.events, Selection(), "olga") is None
    assert engine.db.run(audit.list_actions, limit=9) == []


def test_those_without_a_fingerprint_or_version_are_chosen_by_a_dash(engine: Engine) -> None:
    engine.worker.version = "1.0"
    marked = dead(engine, 2, repaired=False)
    engine.worker.version = ""
    bare = dead(engine, 1, repaired=False)
    engine.db.connection().execute("UPDATE agent_tasks SET error = error - 'fingerprint' WHERE id = ANY(%s)", (bare,))
    choices: tuple[dict[str, Any], ...] = (
        {"fingerprint": "-"},
        {"version": "-"},
        {"fingerprint": "-", "version": "-"},
    )
    for which in choices:
        assert [row.id for row in engine.db.run(dead_letters.select_dead_letters, **which, limit=9)] == bare
        assert engine.db.run(dead_letters.count_dead_letters, **which) == 1
        (group,) = engine.db.run(dead_letters.group_dead_letters, **which)
        assert (group.tasks, group.fingerprint, group.version) == (1, "", "")
    assert engine.db.run(dead_letters.count_dead_letters, version="1.0") == len(marked)
