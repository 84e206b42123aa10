"""Which message revives a dead letter: one that came back from the dead-letter queue, and no other."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import psycopg
import pytest

from orchestrator.aws.queues import TaskMessage
from orchestrator.engine.dead_letter_queue import send_dead_letters
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, source_of
from orchestrator.engine.operators.redrive import Selection, discard, redrive
from orchestrator.model import fault_injection, outcome
from orchestrator.model.fault_injection import Point
from orchestrator.model.states import Status
from orchestrator.store import attempts
from orchestrator.store import sweep as sweeping
from orchestrator.store.attempts import UnclaimedTask
from orchestrator.store.connection import Connection, Database, connect
from tests.faults.lab import Lab
from tests.support.engine import Engine, message_for


def die(engine: Engine) -> UUID:
    task = engine.submit(payload={"do": "raise", "times": 9}, max_attempts=1)
    engine.run(task.id)
    assert engine.task(task.id).status is Status.DEAD_LETTER
    return task.id


def arrives(engine: Engine, message: TaskMessage) -> Message:
    """The wake as a message that SQS took just now."""
    dead_at = engine.row(message.task_id)["dead_at"]
    sent = dead_at.timestamp() * 1000 + 60_000 if dead_at else 0.0
    source, dead_seq = source_of(message.dead_seq)
    return replace(message_for(message.task_id), source=source, dead_seq=dead_seq, sent_ms=sent)


def deliver(engine: Engine, *wakes: TaskMessage) -> int:
    """One batch; how often it revived the first one's task."""
    before = engine.kinds(wakes[0].task_id).count("redriven")
    run_batch(engine.worker, [arrives(engine, message) for message in wakes], lambda: 60.0)
    return engine.kinds(wakes[0].task_id).count("redriven") - before


def test_a_task_message_that_comes_after_the_dead_letter_redrives_nothing(lab: Lab) -> None:
    """The sweeper found it due; before its message was sent the task died."""
    engine = lab.engine
    task = engine.submit(payload={"do": "raise", "times": 9}, max_attempts=1)
    engine.queue.sent.clear()
    engine.move_clock(200)
    sweeper = engine.new_worker()

    def die_meanwhile(point: Point) -> None:
        if point == "sweep.marked" and engine.task(task.id).status is Status.PENDING:
            engine.run(task.id, worker=sweeper)

    fault_injection.arm(die_meanwhile)
    try:
        lab.sweep()
    finally:
        fault_injection.arm(None)
    (late,) = engine.queue.sent
    assert engine.task(task.id).status is Status.DEAD_LETTER
    assert deliver(engine, late) == 0
    assert engine.task(task.id).status is Status.DEAD_LETTER


def test_a_moved_dead_letter_is_redriven_once_for_all_its_deliveries(engine: Engine) -> None:
    task_id = die(engine)
    (dead_letter,) = engine.dead_letters.sent
    assert deliver(engine, dead_letter) == 1
    assert engine.task(task_id).status is Status.DEAD_LETTER, "it has died anew"
    assert deliver(engine, dead_letter) == 0
    assert deliver(engine, engine.dead_letters.sent[-1]) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_the_right_dead_letter_counts_though_others_come_with_it(engine: Engine, order: int) -> None:
    task_id = die(engine)
    redrive(engine.db, engine.queue, engine.events, Selection(), "operator")
    engine.run(task_id)
    early, right = engine.dead_letters.sent
    assert deliver(engine, *[early, right, TaskMessage(task_id, "1")][::order]) == 1


def test_a_message_moved_by_sqs_itself_is_moved_back_beside_the_dead_letter(engine: Engine) -> None:
    """A message received too often goes to the dead-letter queue as it is; the task died later, of its own accord."""
    task = engine.submit(payload={"do": "raise", "times": 9}, max_attempts=1)
    (moved,) = engine.queue.sent
    engine.run(task.id)
    (dead_letter,) = engine.dead_letters.sent
    assert deliver(engine, moved) == 0
    assert deliver(engine, dead_letter) == 1
    waiting = engine.submit()
    run_batch(engine.worker, [arrives(engine, engine.queue.sent[-1])], lambda: 60.0)
    assert engine.task(waiting.id).status is Status.COMPLETED


@pytest.mark.parametrize(("late", "redriven"), [(60_000, 1), (-1, 0)])
def test_a_message_without_a_number_counts_by_its_time(engine: Engine, late: float, redriven: int) -> None:
    """Sent by hand."""
    task_id = die(engine)
    dead_at = engine.row(task_id)["dead_at"].timestamp() * 1000
    engine.run(task_id, sent_ms=dead_at + late)
    assert engine.kinds(task_id).count("redriven") == redriven


def test_an_earlier_dead_letter_message_does_not_stand_for_a_later_one(engine: Engine) -> None:
    """Before a slow sweeper has sent the first, it was revived and died anew; the second could not be sent."""
    engine.dead_letters.broken = True
    task_id = die(engine)
    engine.move_clock(60)
    found = engine.db.run(sweeping.due_for_sweep, 10)
    redrive(engine.db, engine.queue, engine.events, Selection(), "operator")
    engine.run(task_id)
    engine.dead_letters.broken = False
    send_dead_letters(engine.worker, [TaskMessage.of(task, dead_seq=task.seq) for task in found])
    assert engine.row(task_id)["wake_at"] is not None
    engine.move_clock(60)
    found = engine.db.run(sweeping.due_for_sweep, 10)
    send_dead_letters(
        engine.worker, [TaskMessage.of(task, dead_seq=task.seq) for task in found if task.status is Status.DEAD_LETTER]
    )
    assert engine.row(task_id)["wake_at"] is None
    assert deliver(engine, engine.dead_letters.sent[-1]) == 1


@pytest.mark.parametrize("failures", [1, 9])
def test_a_dead_letter_received_often_while_the_database_is_away_comes_back_itself(
    engine: Engine, failures: int
) -> None:
    """A new message would be an ordinary task message, which does not redrive the task."""
    task_id = die(engine)
    (dead_letter,) = engine.dead_letters.sent
    engine.queue.sent.clear()
    left = [psycopg.OperationalError("away")] * failures

    def opened() -> Connection:
        if left:
            raise left.pop()
        return connect(engine.url)

    away = replace(engine.worker, db=Database(opened))
    often = replace(arrives(engine, dead_letter), receives=25)
    assert run_batch(away, [often, arrives(engine, TaskMessage(task_id, "1"))], lambda: 60.0) == [str(task_id)]
    away.db.close()
    assert engine.queue.sent == []
    assert deliver(engine, dead_letter) == 1


def test_a_dead_letter_keeps_its_limit_until_it_is_discarded(engine: Engine) -> None:
    task = engine.submit("test.limited")
    (sight,) = engine.db.run(attempts.find_unclaimed, [task.id]).values()
    (attempt,) = engine.db.run(attempts.claim_limited, sight, worker="w", lease=60, paused_types=[], limit=1)
    engine.db.run(attempts.finish, [outcome.dead(task.id, attempt.token, {"kind": "x"})])
    assert engine.row(task.id)["limited"]
    discard(engine.db, engine.events, Selection(), "operator", "a test")
    assert not engine.row(task.id)["limited"]


def test_a_dead_letter_seen_before_the_next_failure_redrives_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS delivers a dead letter twice. The other delivery's attempt fails before this delivery redrives the task."""
    task_id = die(engine)
    (dead_letter,) = engine.dead_letters.sent
    other = engine.new_worker()
    find = attempts.find_unclaimed

    def slowly(conn: Connection, ids: list[UUID]) -> dict[UUID, UnclaimedTask]:
        seen = find(conn, ids)
        monkeypatch.setattr(attempts, "find_unclaimed", find)
        run_batch(other, [arrives(engine, dead_letter)], lambda: 60.0)
        return seen

    monkeypatch.setattr(attempts, "find_unclaimed", slowly)
    assert deliver(engine, dead_letter) == 1
    assert engine.task(task_id).status is Status.DEAD_LETTER
    assert len(engine.dead_letters.sent) == 2
