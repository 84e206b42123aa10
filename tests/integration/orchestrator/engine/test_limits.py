"""Keyed limits: a task without room costs nothing, and room goes to the oldest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.cancel import cancel
from orchestrator.engine.context import Context
from orchestrator.engine.limits import claims
from orchestrator.engine.limits.claims import ClaimAs, claim_limited
from orchestrator.engine.operators.explain import explain
from orchestrator.engine.sweep import Sweeper, sweep
from orchestrator.model import outcome
from orchestrator.model.errors import RetryAfter
from orchestrator.model.states import Status
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt
from orchestrator.testing.virtual_queue import NoSockets
from tests.support.agents import test_called
from tests.support.engine import Engine

CITIES = ("Rome", "Oslo", "Bern", "Wien", "Lima")


@pytest.fixture(autouse=True)
def still(engine: Engine) -> Iterator[None]:
    engine.move_clock(0)
    yield
    test_called.SERVICE.clear()


def submit(engine: Engine, number: int, **order: Any) -> list[UUID]:
    """Submit tasks of different cities."""
    made = [engine.submit("test.called", {"city": CITIES[n % 5]}, **order).id for n in range(number)]
    engine.queue.sent.clear()
    return made


def take(engine: Engine, *ids: UUID) -> list[Attempt]:
    """Claim tasks as another worker does, which has not finished them."""
    sights = engine.db.run(attempts.find_unclaimed, ids)
    agent = engine.agents.get("test.called")
    how = ClaimAs(worker="w", lease=60.0, paused_types=[])
    found = [claim_limited(engine.worker.db, sights[id], agent, how) for id in ids]
    engine.queue.send([message for claim in found for message in claim.messages])
    return [attempt for claim in found for attempt in claim.attempts]


def finish(engine: Engine, *running: Attempt) -> None:
    engine.worker.db.run(attempts.finish, [outcome.completed(each.id, each.token, {}) for each in running])


def answers(ctx: Context, payload: test_called.CallPayload) -> str:
    return "done"


def sweeps(engine: Engine) -> None:
    sweeper = Sweeper(
        db=engine.database("sweeper"),
        queue=engine.queue,
        dead_letters=engine.dead_letters,
        events=engine.events,
        sockets=NoSockets(),
        flags=engine.flags,
    )
    sweep(sweeper, lambda: 60.0)


def test_a_task_without_room_costs_no_attempt_no_event_and_no_message(engine: Engine) -> None:
    tasks = submit(engine, 7)
    running = take(engine, *tasks[:5])
    assert len(running) == 5
    assert engine.run(tasks[5], tasks[6]) == [], "their messages are deleted"
    assert engine.queue.sent == []
    for task in tasks[5:]:
        row = engine.row(task)
        assert (row["status"], row["attempts"], row["seq"]) == ("pending", 0, 1)
        assert row["wake_at"] > row["due_at"], "the sweeper checks it later"
    engine.move_clock(600)
    finish(engine, *running)
    assert claims.wake(engine.worker.db, engine.queue, ["service"]) == 2
    assert engine.queue.ids == tasks[5:]


def test_room_goes_to_the_oldest_and_a_new_task_waits_behind_it(engine: Engine) -> None:
    tasks = submit(engine, 8)
    running = take(engine, *tasks[:5])
    engine.run(tasks[6])
    engine.run(tasks[5])
    finish(engine, running[0])
    assert take(engine, tasks[7]) == [], "others wait"
    assert engine.queue.ids == [tasks[5]], "the arrival found a free start, and the oldest has it"
    assert claims.wake(engine.worker.db, engine.queue, ["service"]) == 0, "it is granted already"
    assert take(engine, tasks[6]) == [], "the start is granted to another"
    assert [each.id for each in take(engine, tasks[5])] == [tasks[5]]


def test_an_attempt_that_ends_wakes_the_next_one(engine: Engine) -> None:
    tasks = submit(engine, 6)
    running = take(engine, *tasks[:5])
    engine.run(tasks[5])
    finish(engine, *running[1:])
    engine.queue.sent.clear()
    test_called.SERVICE.append(answers)
    finish(engine, running[0])
    late = submit(engine, 1)[0]
    engine.run(late)
    assert engine.queue.ids == [tasks[5], late], "the arrival found free starts, and the oldest goes first"
    engine.run(tasks[5], late)
    assert {engine.task(id).status for id in (tasks[5], late)} == {Status.COMPLETED}


def test_each_key_has_its_own_room(engine: Engine) -> None:
    rome = [engine.submit("test.called", {"city": "Rome"}).id for _ in range(3)]
    oslo = engine.submit("test.called", {"city": "Oslo"}).id
    assert [each.id for each in take(engine, *rome, oslo)] == [*rome[:2], oslo]


def test_a_rate_counts_an_attempt_until_its_period_after_the_end_is_over(engine: Engine) -> None:
    tasks = submit(engine, 22)
    for start in range(0, 20, 5):
        finish(engine, *take(engine, *tasks[start : start + 5]))
        claims.wake(engine.worker.db, engine.queue, ["service"])
        engine.move_clock(1)
    engine.queue.sent.clear()
    engine.run(tasks[20], tasks[21])
    messages = [(message.task_id, message.delay) for message in engine.queue.sent]
    assert messages == [(tasks[20], 56), (tasks[21], 56)], "each has one message, which arrives at its start"
    engine.move_clock(55)
    assert take(engine, *tasks[20:]) == []
    engine.move_clock(1)
    assert len(take(engine, *tasks[20:])) == 2


def test_the_room_of_a_killed_worker_returns_with_its_lease(engine: Engine) -> None:
    tasks = submit(engine, 6)
    take(engine, *tasks[:5])
    engine.run(tasks[5])
    engine.move_clock(59)
    sweeps(engine)
    assert tasks[5] not in engine.queue.ids
    engine.move_clock(62)
    sweeps(engine)
    assert tasks[5] in engine.queue.ids
    assert len(take(engine, tasks[5])) == 1


def test_a_lost_message_is_sent_again_by_the_sweeper(engine: Engine) -> None:
    tasks = submit(engine, 6)
    running = take(engine, *tasks[:5])
    engine.run(tasks[5])
    finish(engine, *running)
    engine.queue.broken = True
    claims.wake(engine.worker.db, engine.queue, ["service"])
    engine.queue.broken = False
    sweeps(engine)
    assert tasks[5] not in engine.queue.ids, "it may still arrive"
    engine.move_clock(61)
    sweeps(engine)
    assert tasks[5] in engine.queue.ids


def test_a_refusal_closes_the_limit_for_all_halves_it_once_and_opens_it_gently(engine: Engine) -> None:
    def refuses(ctx: Context, payload: test_called.CallPayload) -> None:
        raise RetryAfter("30", "429", limit="service")

    tasks = submit(engine, 12)
    running = take(engine, *tasks[1:3])
    test_called.SERVICE.append(refuses)
    agent = engine.agents.get("test.called")
    assert engine.run(tasks[0]) == [str(tasks[0])]
    for attempt in running:
        claims.close(engine.worker.side, attempt, agent, "service", 30.0)
    assert engine.row(tasks[0])["attempts"] == 0
    assert take(engine, *tasks[3:]) == [], "no worker starts another call"
    finish(engine, *running)
    engine.move_clock(31)
    test_called.SERVICE.clear()
    started = [*take(engine, *tasks), *take(engine, *tasks)]
    assert started[-1].id == tasks[0], "the arrival granted it a start, which it uses with its next message"
    assert len(started) == 2, "half of five, although three attempts were refused"
    finish(engine, *started)
    engine.move_clock(600)
    assert len(take(engine, *tasks)) == 5


def test_a_limit_that_is_not_declared_cannot_be_closed(engine: Engine) -> None:
    def refuses(ctx: Context, payload: test_called.CallPayload) -> None:
        raise RetryAfter(30, limit="servise")

    test_called.SERVICE.append(refuses)
    (task,) = submit(engine, 1, max_attempts=1)
    engine.run(task)
    error = engine.row(task)["error"]
    assert engine.task(task).status is Status.DEAD_LETTER
    assert "declares no limit of that name" in str(error)


def test_a_task_that_waits_ends_at_its_deadline(engine: Engine) -> None:
    running = submit(engine, 5)
    take(engine, *running)
    (task,) = submit(engine, 1, deadline=120.0)
    engine.run(task)
    engine.move_clock(121)
    sweeps(engine)
    assert task in engine.queue.ids
    engine.run(task)
    assert engine.row(task)["error"]["code"] == "deadline"


def test_a_cancelled_task_has_no_turn(engine: Engine) -> None:
    tasks = submit(engine, 7)
    running = take(engine, *tasks[:5])
    engine.run(tasks[5], tasks[6])
    cancel(engine.db, engine.queue, engine.events, "1", tasks[5])
    finish(engine, running[0])
    engine.queue.sent.clear()
    claims.wake(engine.worker.db, engine.queue, ["service"])
    assert engine.queue.ids == [tasks[6]]


def test_a_task_without_limits_touches_no_table_of_limits(engine: Engine) -> None:
    free = engine.submit()
    tables = ("agent_limits", "agent_limit_uses", "agent_limit_waits")
    engine.db.connection().execute("SELECT pg_stat_force_next_flush()")
    engine.run(free.id)
    for table in tables:
        row = engine.db.connection().execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
        assert row == {"n": 0}
    assert not engine.row(free.id)["limited"]


def test_why_names_the_limit_the_tasks_before_it_and_the_time(engine: Engine) -> None:
    operator = engine.database("operator")
    tasks = submit(engine, 25)
    for start in range(0, 20, 5):
        finish(engine, *take(engine, *tasks[start : start + 5]))
    engine.run(*tasks[20:])
    why = explain(operator, engine.agents, engine.flags, tasks[22])
    assert why["reason"] == "limit-reached"
    assert why["message"] == "The limit service is reached: 2 tasks are before it, and it starts in about 60 s."
    assert (why["limit"], why["ahead"], why["startsInSeconds"]) == ("service", 2, 60)


def test_unused_limits_are_deleted(engine: Engine) -> None:
    finish(engine, *take(engine, *submit(engine, 3)))
    sweeps(engine)
    engine.move_clock(86_401)
    sweeps(engine)
    row = engine.db.connection().execute("SELECT count(*) AS n FROM agent_limits").fetchone()
    assert row == {"n": 0}
