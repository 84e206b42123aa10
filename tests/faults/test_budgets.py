"""Budgets under SIGKILL: recorded calls never exceed the limit, and the ledger is the recorded use to the cent."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator.engine.operators.budgets import put_budget
from orchestrator.model.fault_injection import Point
from orchestrator.store import budgets
from orchestrator.store.budgets import Budget, Price
from tests.faults.lab import Lab
from tests.support.models import ModelServer

CENT, LIMIT, TASKS, WORKERS, KILLS = 10_000, 37, 60, 4, 6


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer("Done.").running() as running:
        yield running


def set_limit(lab: Lab, cents: int, version: int) -> int:
    budget = Budget(scope="stack", subject="*", period="day", amount=cents * CENT, on_limit="wait", version=version)
    return put_budget(lab.engine.db, lab.engine.queue, budget, "op", "a test")


def recorded(lab: Lab) -> int:
    """Return the recorded calls, after a comparison of the steps, the ledger and its sums."""
    one = (
        lab.engine.db.connection()
        .execute(
            """SELECT (SELECT count(*) FROM agent_task_steps WHERE name = 'turn:1')::int AS steps,
                  (SELECT count(*) FROM agent_model_calls WHERE settled_at IS NOT NULL)::int AS calls,
                  (SELECT coalesce(sum(cost), 0) FROM agent_model_calls WHERE settled_at IS NOT NULL)::bigint AS cost,
                  (SELECT cost FROM agent_spending WHERE scope = 'stack') AS spent"""
        )
        .fetchone()
    )
    assert one is not None
    assert one["steps"] == one["calls"]
    assert one["cost"] == one["spent"] == one["calls"] * CENT
    return int(one["calls"])


def run_workers(lab: Lab, server: ModelServer, ids: list[UUID], rng: random.Random) -> int:
    """Run all tasks on several workers at once; the server kills some of them. Return the number of kills."""
    moments = iter(sorted(rng.sample(range(2, LIMIT), KILLS)))
    processes = [lab.start("worker", ids=ids[part::WORKERS], clock=lab.clock()) for part in range(WORKERS)]
    victims = list(processes)
    state = {"seen": 0, "next": next(moments)}

    def at(moment: str) -> None:
        with server.lock:
            state["seen"] += 1
            if state["seen"] < state["next"] or len(victims) <= 1:
                return
            state["next"] = next(moments, 10**9)
            victim = victims.pop(rng.randrange(len(victims)))
        victim.popen.kill()  # nothing when it has ended already

    server.at = at
    for process in processes:
        process.popen.wait(120)
    server.at = lambda _moment: None
    return WORKERS - len(victims)


def settle(lab: Lab) -> None:
    """Let leases end and the sweeper and workers act, until every unfinished task waits for the budget."""
    for _ in range(30):
        lab.engine.move_clock(60)
        lab.sweep()
        lab.deliver()
        if all(str(lab.engine.row(row["id"])["awaits"]).startswith("budget:") for row in lab.unfinished()):
            return
    raise AssertionError(f"not settled: {lab.unfinished()}")


def prepare(lab: Lab) -> None:
    """Set a price of a cent, and the clock of the day far from its end."""
    lab.engine.now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    lab.engine.move_clock(0)
    price = Price(model="test-model", per_request=CENT, per_million_input=0, per_million_output=0)
    lab.engine.db.run(budgets.put_price, price)


def test_a_limit_that_is_raised_before_a_task_begins_to_wait_wakes_it(lab: Lab, server: ModelServer) -> None:
    """The handler has found no room; the end of its attempt must see the change."""
    prepare(lab)
    version = set_limit(lab, 0, 0)
    task = lab.engine.submit("test.thinking", {"url": server.url}).id
    with lab.paused_at("worker", "run.handled", ids=[task], clock=lab.clock()) as worker:
        set_limit(lab, 1, version)
    worker.done()
    assert lab.wire.sent("tasks"), "the finish sends the message itself"
    lab.engine.queue.sent.clear()
    lab.engine.move_clock(60)  # the clock of the other process is some seconds ahead
    lab.deliver()
    assert recorded(lab) == 1
    lab.check()


@pytest.mark.parametrize("point", ["step.called", "run.handled", "run.finished"])
def test_a_killed_worker_loses_no_room(lab: Lab, server: ModelServer, point: Point) -> None:
    prepare(lab)
    set_limit(lab, 1, 0)
    task = lab.engine.submit("test.thinking", {"url": server.url}).id
    lab.kill_at("worker", point, ids=[task], clock=lab.clock())
    lab.recover()
    assert recorded(lab) == 1
    lab.check()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_workers_neither_lose_nor_double_a_cent(lab: Lab, server: ModelServer, seed: int) -> None:
    prepare(lab)
    version = set_limit(lab, LIMIT, 0)
    ids = [lab.engine.submit("test.thinking", {"url": server.url}, max_attempts=20).id for _ in range(TASKS)]
    kills = run_workers(lab, server, ids, random.Random(seed))
    assert kills > 0
    assert recorded(lab) <= LIMIT
    settle(lab)
    assert recorded(lab) == LIMIT
    assert LIMIT <= len(server.requests) <= LIMIT + kills
    assert len(lab.unfinished()) == TASKS - LIMIT
    set_limit(lab, TASKS, version)
    lab.recover()
    lab.check()
    assert recorded(lab) == TASKS
