"""Waits: a sleeping or waiting task costs nothing, and the first signal of a name counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from orchestrator.engine.waiting.signals import announce_signal, signal
from orchestrator.model.errors import AlreadyAnswered, Conflict, InvalidInput, NotFound
from orchestrator.model.states import Status
from tests.support.engine import Engine

DAY = 86_400.0


def begin(engine: Engine, **payload: Any) -> UUID:
    """Submit a waiting task and run it until it waits."""
    engine.move_clock(0)
    task = engine.submit("test.waits", payload, max_attempts=1)
    engine.queue.sent.clear()
    engine.run(task.id)
    row = engine.row(task.id)
    assert (row["status"], row["attempts"], row["waiting_for"]) == ("pending", 0, None), row["error"]
    assert row["awaits"] is not None
    return task.id


def send(engine: Engine, task_id: UUID, value: Any, name: str = "answer", owner: str = "1") -> None:
    announce_signal(engine.queue, engine.events, engine.db.run(signal, task_id, name, value, owner=owner, by=owner))


def finish(engine: Engine, task_id: UUID) -> Any:
    """Run what was sent, and return the task's result."""
    assert engine.queue.ids == [task_id]
    engine.queue.sent.clear()
    engine.run(task_id)
    task = engine.task(task_id)
    assert task.status is Status.COMPLETED, task.error
    return task.result


def test_a_signal_ends_the_wait_and_the_handler_runs_again(engine: Engine) -> None:
    task = begin(engine)
    assert engine.effects(task) == 0, "database effects before a wait are undone"
    send(engine, task, {"yes": True})
    assert finish(engine, task) == {"first": 1, "answers": [{"yes": True}]}
    assert engine.effects(task) == 1
    assert engine.kinds(task) == ["submitted", "started", "step", "waiting", "signal", "started", "completed"]
    assert engine.row(task)["attempts"] == 1


def test_a_signal_before_the_wait_is_kept(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit("test.waits", {}).id
    send(engine, task, {"yes": False})
    engine.run(task)
    assert engine.task(task).result == {"first": 1, "answers": [{"yes": False}]}


def test_the_first_signal_wins(engine: Engine) -> None:
    task = begin(engine)
    send(engine, task, {"yes": True})
    at = engine.now
    engine.move_clock(5)
    with pytest.raises(AlreadyAnswered) as refused:
        send(engine, task, {"yes": False})
    assert at is not None
    assert datetime.fromisoformat(refused.value.answered_at) == at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert finish(engine, task)["answers"] == [{"yes": True}]
    with pytest.raises(AlreadyAnswered):
        send(engine, task, {"yes": False})


def test_a_name_that_is_used_again_is_another_wait(engine: Engine) -> None:
    task = begin(engine, names=["answer", "answer"])
    send(engine, task, {"yes": True})
    engine.run(task)
    assert engine.row(task)["awaits"] == "signal:answer.2"
    engine.queue.sent.clear()
    send(engine, task, {"yes": False}, "answer.2")
    assert finish(engine, task)["answers"] == [{"yes": True}, {"yes": False}]


def test_a_signal_that_nothing_waits_for_yet_wakes_nothing(engine: Engine) -> None:
    task = begin(engine, names=["one", "two"])
    send(engine, task, {"yes": True}, "two")
    assert (engine.queue.ids, engine.row(task)["awaits"]) == ([], "signal:one")
    send(engine, task, {"yes": False}, "one")
    assert finish(engine, task)["answers"] == [{"yes": False}, {"yes": True}]


def test_a_value_that_does_not_fit_is_refused_and_the_wait_goes_on(engine: Engine) -> None:
    task = begin(engine)
    with pytest.raises(InvalidInput) as refused:
        send(engine, task, {"yes": "perhaps"})
    assert [fault.field for fault in refused.value.faults] == ["value.yes"]
    assert engine.row(task)["awaits"] == "signal:answer"
    send(engine, task, {"yes": True})
    assert finish(engine, task)["answers"] == [{"yes": True}]


def test_an_early_value_that_does_not_fit_is_discarded(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit("test.waits", {}, max_attempts=1).id
    send(engine, task, "nonsense")
    engine.run(task)
    assert engine.row(task)["awaits"] == "signal:answer"
    engine.queue.sent.clear()
    send(engine, task, {"yes": True})
    assert finish(engine, task)["answers"] == [{"yes": True}]


@pytest.mark.parametrize("value", [float("nan"), "\x00", "x" * 200_000, [[[]]] * 100_000])
def test_a_value_that_cannot_be_stored_is_refused(engine: Engine, value: Any) -> None:
    task = begin(engine, do="any")
    with pytest.raises(InvalidInput):
        send(engine, task, value)
    assert engine.row(task)["awaits"] == "signal:answer"


def test_null_is_an_answer(engine: Engine) -> None:
    task = begin(engine, do="any")
    send(engine, task, None)
    assert finish(engine, task)["answers"] == [None]


def test_a_wait_that_expires_fails_the_task_unless_the_handler_catches_it(engine: Engine) -> None:
    for catches, status in ((False, Status.FAILED), (True, Status.COMPLETED)):
        task = begin(engine, seconds=3 * DAY, catches=catches)
        assert engine.row(task)["due_at"] == engine.row(task)["wake_at"]
        engine.move_clock(3 * DAY)
        with pytest.raises(Conflict) as refused:
            send(engine, task, {"yes": True})
        assert refused.value.code == "wait_expired"
        engine.run(task)
        ended = engine.task(task)
        assert ended.status is status
        assert (ended.error or {}).get("code") == (None if catches else "wait_expired")


def test_a_wait_keeps_its_end_when_the_task_runs_for_another_reason(engine: Engine) -> None:
    task = begin(engine, seconds=100.0)
    end = engine.row(task)["due_at"]
    engine.move_clock(40)
    engine.db.connection().execute("UPDATE agent_tasks SET due_at = task_now() WHERE id = %s", (task,))
    engine.run(task)
    assert (engine.row(task)["awaits"], engine.row(task)["due_at"]) == ("signal:answer", end)


def test_a_cancelled_wait_takes_no_signal(engine: Engine) -> None:
    from orchestrator.engine.cancel import cancel

    task = begin(engine)
    cancel(engine.db, engine.queue, engine.events, "1", task)
    with pytest.raises(Conflict) as refused:
        send(engine, task, {"yes": True})
    assert refused.value.code == "task_over"
    assert engine.db.connection().execute("SELECT FROM agent_waits WHERE task_id = %s", (task,)).fetchall() == []


def test_a_stranger_s_task_is_not_there(engine: Engine) -> None:
    task = begin(engine)
    for id, owner in ((task, "2"), (uuid4(), "1")):
        with pytest.raises(NotFound):
            send(engine, id, {"yes": True}, owner=owner)


def test_early_signals_are_bounded(engine: Engine) -> None:
    task = begin(engine)
    for number in range(100):
        send(engine, task, {}, f"other-{number}")
    with pytest.raises(Conflict) as refused:
        send(engine, task, {}, "one-more")
    assert refused.value.code == "too_many_signals"
    send(engine, task, {"yes": True})
    assert finish(engine, task)["answers"] == [{"yes": True}]


def test_a_signal_shares_the_transaction_of_its_sender(engine: Engine) -> None:
    task = begin(engine)
    with engine.db.transaction() as connection, connection.transaction(force_rollback=True):
        signal(connection, task, "answer", {"yes": True}, owner="1", by="1")
    assert engine.row(task)["awaits"] == "signal:answer"
    with engine.db.transaction() as connection:
        signalled = signal(connection, task, "answer", {"yes": False}, owner="1", by="1")
    announce_signal(engine.queue, engine.events, signalled)
    assert finish(engine, task)["answers"] == [{"yes": False}]


def test_a_short_sleep_hides_its_message_and_a_long_one_leaves_the_queue(engine: Engine) -> None:
    engine.move_clock(0)
    for seconds, comes_back in ((30.0, True), (30 * DAY, False)):
        task = engine.submit("test.waits", {"do": "sleep", "seconds": seconds}, max_attempts=1).id
        assert bool(engine.run(task)) is comes_back
        row = engine.row(task)
        assert (row["awaits"], row["due_at"]) == ("sleep:nap", row["updated_at"] + timedelta(seconds=seconds))
        assert row["wake_at"] == row["due_at"]
        assert bool(engine.run(task)) is comes_back, "a message that comes too early"
        assert engine.row(task)["seq"] == row["seq"], "a sleeping task was run"


def test_a_sleep_of_30_days_runs_once_before_and_once_after(engine: Engine) -> None:
    task = begin(engine, do="sleep", until=(datetime.now(UTC) + timedelta(days=30)).isoformat())
    for _ in range(30):
        engine.run(task)
        engine.move_clock(DAY)
    engine.move_clock(10)
    engine.run(task)
    assert engine.task(task).result == {"first": 1, "slept": True}
    assert engine.kinds(task) == ["submitted", "started", "step", "waiting", "started", "completed"]


def test_a_sleep_does_not_outlive_the_deadline(engine: Engine) -> None:
    engine.move_clock(0)
    task = engine.submit("test.waits", {"do": "sleep", "seconds": 10 * DAY}, deadline=DAY).id
    engine.run(task)
    engine.move_clock(DAY)
    engine.run(task)
    assert engine.task(task).error["code"] == "deadline"
