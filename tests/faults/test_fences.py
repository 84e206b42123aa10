"""The writes of an attempt, clause by clause: a worker that lost its task changes no row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from orchestrator.model import outcome
from orchestrator.model.outcome import Join, Outcome
from orchestrator.store import attempts, children, dead_letters, steps, tasks
from orchestrator.store import sweep as sweeping
from orchestrator.store.attempts import Attempt
from orchestrator.store.steps import Recorded, Waited, Write
from tests.faults.lab import Lab
from tests.support.engine import Engine


@pytest.fixture
def running(engine: Engine) -> Attempt:
    """An attempt at a task, the clock standing still."""
    engine.move_clock(0)
    (attempt,) = engine.db.run(attempts.claim, [engine.submit().id], worker="w", lease=30, alone=True)
    return attempt


def after(engine: Engine, **how_long: float) -> datetime:
    assert engine.now is not None
    return engine.now + timedelta(**how_long)


def take_over(engine: Engine, attempt: Attempt) -> Attempt:
    """Another worker's attempt after the first one's lease has ended."""
    engine.move_clock(31)
    engine.db.run(attempts.end_leases, [attempt.id])
    (newer,) = engine.db.run(attempts.claim, [attempt.id], worker="w2", lease=30, alone=True)
    return newer


OUTCOMES: list[Any] = [
    lambda a: outcome.completed(a.id, a.token, {}),
    lambda a: outcome.refused(a.id, a.token, {}),
    lambda a: outcome.dead(a.id, a.token, {}),
    lambda a: outcome.retry(a.id, a.token, {}, 5.0),
    lambda a: outcome.later(a.id, a.token, "", 5.0),
    lambda a: outcome.parked(a.id, a.token, "flag"),
    lambda a: outcome.waiting(a.id, a.token, Join("kids", 1, None)),
]


@pytest.mark.parametrize("make", OUTCOMES)
def test_a_stale_attempt_ends_nothing(engine: Engine, running: Attempt, make: Any) -> None:
    newer = take_over(engine, running)
    before = engine.row(running.id)
    assert engine.db.run(attempts.finish, [make(running)]) == []
    assert engine.row(running.id) == before
    assert before["token"] == newer.token


@pytest.mark.parametrize("make", OUTCOMES)
def test_an_attempt_ends_once(engine: Engine, running: Attempt, make: Any) -> None:
    assert len(engine.db.run(attempts.finish, [make(running)])) == 1
    before = engine.row(running.id)
    assert engine.db.run(attempts.finish, [make(running)]) == []
    assert engine.row(running.id) == before


def test_a_stale_attempt_records_and_shows_nothing(engine: Engine, running: Attempt) -> None:
    take_over(engine, running)
    assert engine.db.run(steps.record_step, running.id, running.token, "one", "1", 0) is Write.REJECTED
    assert engine.db.run(steps.note_progress, running.id, running.token, {}) is Write.REJECTED
    assert engine.db.run(steps.recorded_steps, running.id) == {}
    assert engine.row(running.id)["progress"] is None
    assert engine.db.run(steps.attempt_state, running.id, running.token)[1] is False
    assert "progress" not in engine.kinds(running.id)


def test_an_ended_attempt_records_and_shows_nothing(engine: Engine, running: Attempt) -> None:
    engine.db.run(tasks.cancel, "1", [running.id], "owner")
    assert engine.db.run(steps.record_step, running.id, running.token, "one", "1", 0) is Write.REJECTED
    assert engine.db.run(steps.note_progress, running.id, running.token, {}) is Write.REJECTED


def test_a_step_is_recorded_once(engine: Engine, running: Attempt) -> None:
    assert engine.db.run(steps.record_step, running.id, running.token, "one", '"first"', 0) is Write.UNWATCHED
    assert engine.db.run(steps.record_step, running.id, running.token, "one", '"second"', 0) is Write.REJECTED
    assert engine.db.run(steps.recorded_steps, running.id) == {"one": Recorded("first")}
    assert engine.kinds(running.id).count("step") == 1


def test_a_joins_deadline_is_that_of_its_first_time(engine: Engine, running: Attempt) -> None:
    engine.db.run(steps.begin_wait, running.id, running.token, Join("kids", 1, 60.0), ["call"])
    engine.move_clock(59)
    engine.db.run(steps.begin_wait, running.id, running.token, Join("kids", 1, 60.0), ["call"])
    assert engine.db.run(steps.waited, running.id, "kids") == Waited(["call"], False, 1.0)
    engine.move_clock(1)
    assert engine.db.run(steps.waited, running.id, "kids") == Waited(["call"], True, 0.0)


@pytest.mark.parametrize(
    ("make", "attempts_left", "due", "wake"),
    [
        (lambda a: outcome.retry(a.id, a.token, {"kind": "x"}, 50.0), 1, 50, 170),
        (lambda a: outcome.later(a.id, a.token, "", 50.0), 0, 50, 170),
        (lambda a: outcome.later(a.id, a.token, "", 50_000.0), 0, 50_000, 50_000),
        (lambda a: outcome.parked(a.id, a.token, "flag"), 0, 0, None),
        (lambda a: outcome.waiting(a.id, a.token, Join("kids", 1, 50.0)), 0, 50, 50),
        (lambda a: outcome.waiting(a.id, a.token, Join("kids", 1, None)), 0, None, 3600),
        (lambda a: outcome.dead(a.id, a.token, {"kind": "x"}), 1, 0, 30),
        (lambda a: outcome.refused(a.id, a.token, {"kind": "x"}), 1, 0, None),
        (lambda a: outcome.completed(a.id, a.token, {}), 1, 0, None),
    ],
)
def test_each_end_shows_its_cost_and_its_next_start(
    engine: Engine, running: Attempt, make: Any, attempts_left: int, due: int | None, wake: int | None
) -> None:
    made: Outcome = make(running)
    engine.db.run(attempts.finish, [made])
    row = engine.row(running.id)
    assert row["attempts"] == attempts_left
    if due is not None:
        assert row["due_at"] == pytest.approx(after(engine, seconds=due), abs=timedelta(seconds=1))
    assert row["wake_at"] == (after(engine, seconds=wake) if wake is not None else None)
    assert (row["token"], row["leased_until"], row["alone"], row["suspect"]) == (None, None, False, False)


def test_an_end_begins_the_count_of_lost_messages_anew(engine: Engine, running: Attempt) -> None:
    engine.db.connection().execute("UPDATE agent_tasks SET resends = 4")
    engine.db.run(attempts.finish, [outcome.retry(running.id, running.token, {"kind": "x"}, 0.0)])
    assert engine.row(running.id)["resends"] == 0


def test_a_parent_going_to_wait_and_its_finishing_child_see_each_other(lab: Lab, running: Attempt) -> None:
    """The second transaction waits for the first. Here the child is second: its parent's wait is not committed yet."""
    other = lab.wire.connection
    other.execute("SET lock_timeout = '200ms'")
    with lab.engine.db.transaction() as connection:
        attempts.finish(connection, [outcome.waiting(running.id, running.token, Join("kids", 1, None))])
        with pytest.raises(errors.LockNotAvailable):
            children.wake_parents(other, [running.id])


def test_an_error_stays_until_another_replaces_it(engine: Engine, running: Attempt) -> None:
    engine.db.run(attempts.finish, [outcome.retry(running.id, running.token, {"kind": "first"}, 0.0)])
    (second,) = engine.db.run(attempts.claim, [running.id], worker="w", lease=30, alone=True)
    engine.db.run(attempts.finish, [outcome.later(second.id, second.token, "busy", 0.0)])
    assert engine.row(running.id)["error"] == {"kind": "first"}


def test_cancel_takes_the_token(engine: Engine, running: Attempt) -> None:
    assert engine.db.run(tasks.cancel, "2", [running.id], "owner") == []
    assert [task.id for task in engine.db.run(tasks.cancel, "1", [running.id], "owner")] == [running.id]
    assert engine.db.run(attempts.finish, [outcome.completed(running.id, running.token, {})]) == []
    assert engine.row(running.id)["status"] == "cancelled"
    assert engine.db.run(tasks.cancel, "1", [running.id], "owner") == []


def test_only_dead_letters_are_redriven_sent_or_discarded(engine: Engine, running: Attempt) -> None:
    before = engine.row(running.id)
    engine.db.run(dead_letters.mark_sent, {running.id: before["seq"]})
    assert engine.db.run(dead_letters.redrive, [running.id], "op") == []
    assert engine.db.run(dead_letters.discard, [running.id], "op", "why") == []
    assert engine.row(running.id) == before


def test_a_redriven_task_has_all_attempts_and_is_swept_if_its_message_is_lost(engine: Engine, running: Attempt) -> None:
    engine.db.run(attempts.finish, [outcome.dead(running.id, running.token, {"kind": "x"})])
    engine.db.run(dead_letters.mark_sent, {running.id: engine.row(running.id)["seq"]})
    assert engine.row(running.id)["wake_at"] is None
    engine.db.connection().execute("UPDATE agent_tasks SET resends = 5")
    assert len(engine.db.run(dead_letters.redrive, [running.id], "op")) == 1
    assert engine.db.run(dead_letters.redrive, [running.id], "op") == []
    row = engine.row(running.id)
    assert (row["status"], row["attempts"], row["dead_at"], row["finished_at"]) == ("pending", 0, None, None)
    assert row["resends"] == 0
    assert row["wake_at"] == after(engine, minutes=2)


def child_of(engine: Engine, parent: UUID, gather: str, status: str) -> None:
    over = status != "pending"
    engine.db.connection().execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, parent_id, spawn_key, gather, status, result,"
        " finished_at, wake_at) VALUES (gen_random_uuid(), '1', 'test.noop', '{}', task_now(), %s,"
        " gen_random_uuid()::text, %s, %s, %s, %s, %s)",
        (parent, gather, status, "{}" if over else None, engine.now if over else None, None if over else engine.now),
    )


@pytest.mark.parametrize(
    ("kids", "woken"),
    [
        ([("kids", "completed"), ("kids", "completed")], True),
        ([("kids", "completed"), ("kids", "cancelled")], True),
        ([("kids", "completed"), ("kids", "pending")], False),
        ([("kids", "completed"), ("kids", "pending"), ("others", "completed")], False),
        ([("kids", "completed"), ("others", "pending")], True),  # no child of the join is left to wait for
        ([("kids", "completed"), ("kids", "completed"), ("kids", "completed")], True),
    ],
)
def test_a_parent_resumes_when_its_own_join_is_full(
    engine: Engine, running: Attempt, kids: list[tuple[str, str]], woken: bool
) -> None:
    engine.db.run(attempts.finish, [outcome.waiting(running.id, running.token, Join("kids", 2, None))])
    for gather, status in kids:
        child_of(engine, running.id, gather, status)
    assert len(engine.db.run(children.wake_parents, [running.id])) == woken
    assert engine.db.run(children.wake_parents, [running.id]) == []
    row = engine.row(running.id)
    assert (row["waiting_for"] is None) == woken
    assert (row["wake_at"] == after(engine, minutes=2)) == woken


def test_a_child_spawned_again_is_the_same_child(engine: Engine, running: Attempt) -> None:
    def spawn() -> list[tasks.RunnableTask]:
        child = children.NewChild(
            id=UUID(int=engine.worker.rng.getrandbits(128)),
            owner_id="1",
            type="test.noop",
            payload="{}",
            payload_version=1,
            max_attempts=3,
            limited=False,
            parent_id=running.id,
            key="once",
        )
        return engine.db.run(children.insert_children, [child])

    assert len(spawn()) == 1
    assert spawn() == []
    (row,) = engine.db.run(children.children, running.id)
    assert engine.row(row.id)["wake_at"] == after(engine, minutes=2)


def test_the_sweeper_takes_only_late_tasks_and_only_once(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit()
    engine.move_clock(119)
    assert engine.db.run(sweeping.due_for_sweep, 10) == []
    engine.move_clock(1)
    for wait in (2, 4, 8, 16, 32, 64, 64):
        (row,) = engine.db.run(sweeping.due_for_sweep, 10)
        assert (row.id, row.due) == (task.id, True)
        assert engine.db.run(sweeping.due_for_sweep, 10) == []
        assert engine.row(task.id)["wake_at"] == after(engine, minutes=wait)
        engine.move_clock(wait * 60)


def test_the_sweeper_checks_a_running_task_again_when_its_lease_ends(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit()
    engine.db.run(attempts.claim, [task.id], worker="w", lease=300, alone=True)
    engine.move_clock(120)
    (row,) = engine.db.run(sweeping.due_for_sweep, 10)
    assert (row.lease_ended, row.resends) == (False, 0)
    assert engine.row(task.id)["wake_at"] == engine.row(task.id)["leased_until"] == after(engine, minutes=3)


def test_only_parked_tasks_are_started(engine: Engine) -> None:
    engine.move_clock(0)
    parked, free = engine.submit(), engine.submit()
    engine.db.run(attempts.park, parked.id, "task.test.effect")
    engine.move_clock(3600)
    assert engine.db.run(sweeping.parked_tasks, "task.test.effect", parked.id, 10) == [], "a page begins after the last"
    assert [row.id for row in engine.db.run(sweeping.unpark, [parked.id, free.id])] == [parked.id]
    assert engine.db.run(sweeping.unpark, [parked.id]) == []
    assert engine.row(parked.id)["wake_at"] == after(engine, minutes=2)
    assert engine.row(parked.id)["due_at"] == engine.now, "the hour behind the flag is no wait in the queue"
    assert engine.kinds(free.id) == ["submitted"]


def test_a_parent_outlives_the_finished_until_its_children_are_done(engine: Engine, running: Attempt) -> None:
    engine.db.run(attempts.finish, [outcome.completed(running.id, running.token, {})])
    child_of(engine, running.id, "kids", "pending")
    engine.move_clock(31 * 86_400)
    assert engine.db.run(sweeping.prune_tasks, 30, 10) == 0
    engine.db.connection().execute(
        "UPDATE agent_tasks SET status = 'cancelled', finished_at = task_now(), wake_at = NULL WHERE parent_id = %s",
        (running.id,),
    )
    assert engine.db.run(sweeping.prune_tasks, 30, 10) == 1
