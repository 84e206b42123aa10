"""Claims and leases, clause by clause: which worker may claim a task, and when its lease ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator.model import outcome
from orchestrator.model.states import Status
from orchestrator.store import attempts
from orchestrator.store import sweep as sweeping
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Connection, connect
from tests.faults.lab import Lab
from tests.support.engine import Engine


@pytest.fixture
def other(lab: Lab) -> Iterator[Connection]:
    with connect(lab.url) as connection:
        yield connection


@pytest.fixture(autouse=True)
def _impatient(engine: Engine) -> None:
    """A statement that waits 500 ms for another session's lock fails."""
    engine.db.connection().execute("SET lock_timeout = '500ms'")


def claim(engine: Engine, *ids: UUID, alone: bool = False, lease: float = 30, **how: Any) -> list[Attempt]:
    return engine.db.run(attempts.claim, list(ids), worker="w", lease=lease, alone=alone, **how)


def claim_limited(engine: Engine, id: UUID, limit: int) -> list[Attempt]:
    how: dict[str, Any] = {"worker": "w", "lease": 30, "paused_types": [], "limit": limit}
    return engine.db.run(attempts.claim_limited, engine.db.run(attempts.find_unclaimed, [id])[id], **how)


def set_task(engine: Engine, task_id: UUID, values: str) -> None:
    engine.db.connection().execute(f"UPDATE agent_tasks SET {values} WHERE id = %s".encode(), (task_id,))


def test_a_running_task_is_not_claimed_again(engine: Engine) -> None:
    task = engine.submit()
    (first,) = claim(engine, task.id)
    assert claim(engine, task.id) == []
    assert engine.row(task.id)["token"] == first.token
    assert engine.row(task.id)["attempts"] == 1


def test_every_claim_has_a_higher_token(engine: Engine) -> None:
    task = engine.submit()
    (first,) = claim(engine, task.id)
    engine.db.run(attempts.finish, [outcome.later(task.id, first.token, "", 0.0)])
    (second,) = claim(engine, task.id)
    assert second.token > first.token


def test_a_lease_is_as_long_as_was_asked_for(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit()
    claim(engine, task.id, lease=30)
    engine.move_clock(29.9)
    assert engine.db.run(attempts.end_leases, [task.id]) == []
    engine.move_clock(0.2)
    assert [row.id for row in engine.db.run(attempts.end_leases, [task.id])] == [task.id]


def test_an_invocation_leases_for_longer_than_it_lasts(lab: Lab, engine: Engine) -> None:
    """Nobody may take a task from a worker that is still within its time."""
    engine.move_clock(0)
    task = engine.submit()
    with lab.paused_at("worker", "run.claimed", ids=[task.id], remaining=30.0) as worker:
        lease = engine.db.connection().execute("SELECT leased_until - updated_at AS n FROM agent_tasks").fetchone()
        assert lease is not None
        assert 31 <= lease["n"].total_seconds() <= 60
    worker.done()


@pytest.mark.parametrize(
    "values",
    [
        "due_at = task_now() + interval '1 second'",
        "parked_by = 'task.test.effect', wake_at = NULL",
        "suspect = true",
        "waiting_for = 1, awaits = 'kids', due_at = NULL, wake_at = NULL",
    ],
)
def test_tasks_that_may_not_run_now_are_not_claimed_with_a_batch(engine: Engine, values: str) -> None:
    task = engine.submit()
    set_task(engine, task.id, values)
    assert claim(engine, task.id) == []


def test_a_paused_type_is_not_claimed(engine: Engine) -> None:
    paused, free = engine.submit(), engine.submit("test.noop")
    assert [attempt.id for attempt in claim(engine, paused.id, free.id, paused_types=["test.effect"])] == [free.id]


def test_a_suspected_task_is_claimed_isolated(engine: Engine) -> None:
    task = engine.submit()
    set_task(engine, task.id, "suspect = true")
    (attempt,) = claim(engine, task.id, alone=True)
    assert engine.row(task.id)["alone"] is True
    engine.db.run(attempts.finish, [outcome.later(task.id, attempt.token, "", 0.0)])
    assert engine.row(task.id)["suspect"] is False


def test_a_claim_waits_for_nobody(engine: Engine, other: Connection) -> None:
    paused, free = engine.submit(), engine.submit()
    with other.transaction():
        other.execute("SELECT FROM agent_tasks WHERE id = %s FOR UPDATE", (paused.id,))
        assert [attempt.id for attempt in claim(engine, paused.id, free.id)] == [free.id]


def test_a_living_workers_row_is_locked_against_the_end_of_its_lease(engine: Engine, other: Connection) -> None:
    """It has written effects and is about to commit: taking the task back now would undo them for nothing."""
    task = engine.submit()
    (attempt,) = claim(engine, task.id)
    engine.move_clock(31)
    with other.transaction(force_rollback=True):
        assert attempts.lock_attempts(other, [attempt])[1] == {task.id}
        assert engine.db.run(attempts.end_leases, [task.id]) == []
        assert [row.id for row in engine.db.run(sweeping.due_for_sweep, 10)] == []
    assert [row.id for row in engine.db.run(attempts.end_leases, [task.id])] == [task.id]


def test_a_locked_row_lets_progress_and_cancel_pass(engine: Engine, other: Connection) -> None:
    from orchestrator.store import steps, tasks

    task = engine.submit()
    (attempt,) = claim(engine, task.id)
    with other.transaction(force_rollback=True):
        attempts.lock_attempts(other, [attempt])
        assert engine.db.run(steps.note_progress, task.id, attempt.token, {}) is steps.Write.UNWATCHED
        assert engine.db.run(steps.record_step, task.id, attempt.token, "one", "1", 0) is steps.Write.UNWATCHED
        assert len(engine.db.run(tasks.cancel, "1", [task.id], "owner")) == 1


@pytest.mark.parametrize("state", ["another token", "over"])
def test_only_ones_own_running_attempt_is_locked(engine: Engine, state: str) -> None:
    task = engine.submit()
    (attempt,) = claim(engine, task.id)
    if state == "over":
        engine.db.run(attempts.finish, [outcome.completed(task.id, attempt.token, {})])
    else:
        set_task(engine, task.id, "token = token + 1")
    with (connection := engine.db.connection()).transaction(force_rollback=True):
        assert attempts.lock_attempts(connection, [attempt])[1] == set()


def test_a_lease_lost_in_a_batch_is_refunded_and_the_task_isolated(engine: Engine) -> None:
    task = engine.submit(max_attempts=1)
    claim(engine, task.id, alone=False)
    engine.move_clock(31)
    engine.db.run(attempts.end_leases, [task.id])
    row = engine.row(task.id)
    assert engine.now is not None
    assert (row["status"], row["attempts"], row["suspect"], row["alone"]) == ("pending", 0, True, False)
    assert (row["token"], row["leased_until"], row["error"]) == (None, None, None)
    assert row["due_at"] <= engine.now
    assert row["wake_at"] == engine.now + timedelta(minutes=2)


@pytest.mark.parametrize(("most", "status"), [(2, "pending"), (1, "dead-letter")])
def test_a_lease_lost_alone_spends_the_attempt(engine: Engine, most: int, status: str) -> None:
    task = engine.submit(max_attempts=most)
    claim(engine, task.id, alone=True)
    engine.move_clock(31)
    engine.db.run(attempts.end_leases, [task.id])
    row = engine.row(task.id)
    assert engine.now is not None
    assert (row["status"], row["attempts"], row["error"]["kind"]) == (status, 1, "crashed")
    assert (row["dead_at"] is not None) == (status == "dead-letter")
    assert row["suspect"], "it runs alone until an attempt ends"
    assert row["wake_at"] == engine.now + timedelta(seconds=30 if row["dead_at"] else 120)


def test_a_lease_is_ended_once(engine: Engine) -> None:
    task = engine.submit()
    claim(engine, task.id)
    engine.move_clock(31)
    assert len(engine.db.run(attempts.end_leases, [task.id])) == 1
    assert engine.db.run(attempts.end_leases, [task.id]) == []
    assert engine.kinds(task.id) == ["submitted", "lease-lost"]


def test_flags_are_pinned_by_the_first_attempt_alone(engine: Engine) -> None:
    task = engine.submit()
    (stale,) = claim(engine, task.id)
    set_task(engine, task.id, "token = token + 1")
    engine.db.run(attempts.pin_flags, [(stale, {"a": True})])
    assert engine.row(task.id)["flags"] is None
    set_task(engine, task.id, "token = token - 1")
    engine.db.run(attempts.pin_flags, [(stale, {"a": True})])
    engine.db.run(attempts.pin_flags, [(stale, {"a": False})])
    assert engine.row(task.id)["flags"] == {"a": True}


def test_a_worker_leaves_a_leased_task_until_its_lease_ends(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit()
    claim(engine, task.id, lease=30)
    assert engine.run(task.id) == [str(task.id)]
    assert engine.queue.hidden[str(task.id)] == 31
    assert engine.row(task.id)["status"] == "processing"


def test_a_limit_counts_only_running_tasks_of_the_same_owner_and_type(engine: Engine) -> None:
    mine, second, theirs = (engine.submit("test.limited", owner=owner) for owner in ("1", "1", "2"))
    claim_limited(engine, mine.id, 1)
    assert claim_limited(engine, second.id, 1) == []
    assert len(claim_limited(engine, second.id, 2)) == 1
    assert len(claim_limited(engine, theirs.id, 1)) == 1


def test_a_limit_does_not_count_another_type(engine: Engine) -> None:
    running, waiting = engine.submit("test.limited"), engine.submit("test.limited")
    claim_limited(engine, running.id, 1)
    set_task(engine, running.id, "type = 'test.limitedToo'")
    assert len(claim_limited(engine, waiting.id, 1)) == 1


def test_a_limited_task_is_never_claimed_without_its_limit(engine: Engine) -> None:
    limited, free = engine.submit("test.limited"), engine.submit()
    assert [attempt.id for attempt in claim(engine, limited.id, free.id)] == [free.id]


def test_claims_under_a_limit_wait_for_one_another(engine: Engine, other: Connection) -> None:
    """Without the lock two workers would both count none running."""
    from psycopg import errors

    first, second = engine.submit("test.limited"), engine.submit("test.limited")
    sights = engine.db.run(attempts.find_unclaimed, [first.id, second.id])
    how: dict[str, Any] = {"worker": "w", "lease": 30, "paused_types": [], "limit": 1}
    with other.transaction():
        assert len(attempts.claim_limited(other, sights[first.id], **how)) == 1
        with pytest.raises(errors.LockNotAvailable):
            attempts.claim_limited(engine.db.connection(), sights[second.id], **how)
    assert attempts.claim_limited(engine.db.connection(), sights[second.id], **how) == []


def test_a_freed_slot_starts_the_oldest_waiting_task(engine: Engine) -> None:
    running, *waiting = (engine.submit("test.limited") for _ in range(4))
    engine.submit("test.limited", owner="2")
    set_task(engine, waiting[0].id, "parked_by = 'f', wake_at = NULL")
    set_task(engine, waiting[1].id, "due_at = task_now() + interval '1 hour'")
    engine.queue.sent.clear()
    engine.run(running.id)
    assert engine.queue.ids == [waiting[2].id]
    assert engine.task(running.id).status is Status.COMPLETED


def test_a_freed_slot_is_not_given_to_a_running_task(engine: Engine) -> None:
    ended, running, *waiting = (engine.submit("test.limited") for _ in range(5))
    claim_limited(engine, running.id, 1)
    set_task(engine, ended.id, "due_at = task_now() + interval '1 hour'")
    freed = engine.db.run(attempts.next_limited, {("1", "test.limited"): 2})
    assert [row.id for row in freed] == [task.id for task in waiting[:2]]


def test_a_type_off_for_one_owner_parks_that_owners_tasks_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim does not know it: the type is on for others."""
    mine, theirs = engine.submit(owner="1"), engine.submit(owner="2")
    monkeypatch.setattr(engine.flags, "enabled", lambda _, owner=None: owner != "1")
    assert engine.run(mine.id, theirs.id) == []
    assert (engine.row(mine.id)["parked_by"], engine.row(mine.id)["attempts"]) == ("task.test.effect", 0)
    assert engine.task(theirs.id).status is Status.COMPLETED


@pytest.mark.parametrize("end", ["cancelled", "its worker died"])
def test_a_silently_freed_slot_is_given_on_at_once(engine: Engine, end: str) -> None:
    """A task that waits behind a limit has no message, and the sweeper may not check it for an hour."""
    from orchestrator.engine.cancel import cancel

    running, waiting = engine.submit("test.limited", max_attempts=1), engine.submit("test.limited")
    claim_limited(engine, running.id, 1)
    engine.queue.sent.clear()
    if end == "cancelled":
        cancel(engine.db, engine.queue, engine.events, "1", running.id)
    else:
        engine.move_clock(31)
        engine.run(running.id)
    assert engine.queue.ids == [waiting.id]


def test_parking_takes_only_pending_tasks(engine: Engine) -> None:
    running, parent, parked = (engine.submit() for _ in range(3))
    claim(engine, running.id)
    set_task(engine, parent.id, "waiting_for = 1, awaits = 'kids', due_at = NULL, wake_at = NULL")
    set_task(engine, parked.id, "parked_by = 'earlier', wake_at = NULL")
    for task in (running, parent, parked):
        engine.db.run(attempts.park, task.id, "task.test.effect")
    assert [engine.row(task.id)["parked_by"] for task in (running, parent, parked)] == [None, None, "earlier"]
