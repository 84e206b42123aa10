"""Budgets of model calls: no call without room, no cent lost, and nothing for tasks without a model."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from orchestrator.engine.operators import budgets as operators
from orchestrator.engine.operators.explain import explain
from orchestrator.model.errors import Conflict
from orchestrator.model.states import Status
from orchestrator.store import budgets, erasure
from orchestrator.store.budgets import Budget, PaidStep, Price
from tests.support.engine import Engine
from tests.support.models import ModelServer

CENT = 10_000


def noon() -> datetime:
    """Return the noon of today, far from the ends of the day."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer("Done.").running() as running:
        yield running


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """The engine at noon, with a price of one cent for each request."""
    engine.now = noon()
    engine.move_clock(0)
    set_price(engine, request=CENT)
    return engine


def set_price(engine: Engine, *, request: int = 0, input: int = 0, output: int = 0) -> None:
    price = Price(model="test-model", per_request=request, per_million_input=input, per_million_output=output)
    engine.db.run(budgets.put_price, price)


def set_budget(
    engine: Engine, amount: int, scope: str = "stack", subject: str = "*", *, on_limit: str = "wait", version: int = 0
) -> int:
    values: Any = {"scope": scope, "subject": subject, "period": "life" if scope == "task" else "day"}
    budget = Budget(**values, amount=amount, on_limit=cast("Any", on_limit), version=version)
    return operators.put_budget(engine.db, engine.queue, budget, "op", "a test")


def think(engine: Engine, server: ModelServer, **order: Any) -> dict[str, Any]:
    task = engine.submit("test.thinking", {"url": server.url}, **order)
    engine.run(task.id)
    return engine.row(task.id)


def ledger(engine: Engine) -> list[dict[str, Any]]:
    return engine.db.connection().execute("SELECT * FROM agent_model_calls ORDER BY task_id, step").fetchall()


def spending(engine: Engine) -> dict[tuple[str, str], int]:
    rows = engine.db.connection().execute("SELECT scope, subject, cost FROM agent_spending").fetchall()
    return {(row["scope"], row["subject"]): row["cost"] for row in rows}


def test_a_call_is_in_the_ledger_the_sums_and_the_event(engine: Engine, server: ModelServer) -> None:
    set_price(engine, request=CENT, input=3_000_000, output=15_000_000)
    row = think(engine, server)
    cost = CENT + 10 * 3 + 5 * 15
    assert [(call["cost"], call["input_tokens"], call["output_tokens"]) for call in ledger(engine)] == [(cost, 10, 5)]
    assert spending(engine) == {("agent", "test.thinking"): cost, ("owner", "1"): cost, ("stack", "*"): cost}
    sql = "SELECT data FROM agent_task_events WHERE kind = 'step' AND task_id = %s"
    (event,) = engine.db.connection().execute(sql, (row["id"],)).fetchall()
    assert {name: event["data"][name] for name in ("cost", "inputTokens", "outputTokens")} == {
        "cost": cost,
        "inputTokens": 10,
        "outputTokens": 5,
    }
    found = engine.db.run(budgets.task_cost, row["id"])
    assert found == budgets.Cost(micros=cost, calls=1, input_tokens=10, output_tokens=5)


def test_a_task_without_a_model_call_pays_nothing(engine: Engine) -> None:
    set_budget(engine, 0)
    task = engine.submit("test.effect")
    engine.run(task.id)
    assert engine.task(task.id).status is Status.COMPLETED
    assert (ledger(engine), spending(engine), engine.db.run(budgets.task_cost, task.id)) == ([], {}, None)


def test_a_fraction_of_a_millionth_is_rounded_up(engine: Engine, server: ModelServer) -> None:
    set_price(engine, input=1)
    think(engine, server)
    assert ledger(engine)[0]["cost"] == 1


@pytest.mark.parametrize(
    ("scope", "subject"), [("stack", "*"), ("agent", "test.thinking"), ("owner", "1"), ("task", "*")]
)
def test_a_budget_refuses_a_call_before_it_is_sent(
    engine: Engine, server: ModelServer, scope: str, subject: str
) -> None:
    set_budget(engine, CENT - 1, scope, subject, on_limit="refuse")
    row = think(engine, server)
    assert (row["status"], row["error"]["code"]) == ("failed", "budget_exhausted")
    assert (server.requests, spending(engine)) == ([], {})


@pytest.mark.parametrize(("scope", "subject"), [("agent", "test.other"), ("owner", "2")])
def test_a_budget_of_others_does_not_count(engine: Engine, server: ModelServer, scope: str, subject: str) -> None:
    set_budget(engine, 0, scope, subject, on_limit="refuse")
    assert think(engine, server)["status"] == "completed"


def test_an_owners_own_budget_replaces_that_of_each_owner(engine: Engine, server: ModelServer) -> None:
    set_budget(engine, 0, "owner", on_limit="refuse")
    set_budget(engine, CENT, "owner", "1", on_limit="refuse")
    assert think(engine, server)["status"] == "completed"
    assert think(engine, server)["error"]["code"] == "budget_exhausted"
    assert think(engine, server, owner="2")["error"]["code"] == "budget_exhausted"


def test_a_family_shares_one_budget(engine: Engine, server: ModelServer) -> None:
    set_budget(engine, CENT, "task", on_limit="refuse")
    first, second = think(engine, server), think(engine, server)
    assert (first["status"], second["status"]) == ("completed", "completed"), "two families"
    child = engine.submit("test.thinking", {"url": server.url})
    engine.db.connection().execute("UPDATE agent_tasks SET parent_id = %s WHERE id = %s", (first["id"], child.id))
    engine.run(child.id)
    assert engine.row(child.id)["error"]["code"] == "budget_exhausted"


def test_a_task_waits_until_the_period_turns(engine: Engine, server: ModelServer) -> None:
    set_budget(engine, CENT)
    think(engine, server)
    row = think(engine, server)
    assert (row["status"], row["awaits"], row["attempts"]) == ("pending", "budget:stack:day", 0)
    assert engine.now is not None
    assert row["due_at"] == engine.now.replace(hour=0) + timedelta(days=1)
    why = explain(engine.db, engine.agents, engine.flags, row["id"])
    assert (why["reason"], why["budget"]) == ("over-budget", "stack:day")
    engine.run(row["id"])
    assert len(server.requests) == 1, "the message of a waiting task starts nothing"
    engine.move_clock(12 * 3_600 + 1)
    engine.run(row["id"])
    assert engine.task(row["id"]).status is Status.COMPLETED


def test_a_month_counts_all_of_its_days(engine: Engine, server: ModelServer) -> None:
    tenth = engine.now = noon().replace(day=10)
    engine.move_clock(0)
    values: Any = {"scope": "stack", "subject": "*", "period": "month", "on_limit": "wait"}
    engine.db.run(budgets.put_budget, Budget(**values, amount=2 * CENT, version=0))
    think(engine, server)
    engine.move_clock(86_400)
    think(engine, server)
    engine.move_clock(86_400)
    row = think(engine, server)
    assert row["awaits"] == "budget:stack:month"
    assert row["due_at"] == (tenth.replace(day=1, hour=0) + timedelta(days=32)).replace(day=1)


def test_a_raised_limit_lets_exactly_the_rest_run(engine: Engine, server: ModelServer) -> None:
    version = set_budget(engine, 2 * CENT)
    ids = [think(engine, server)["id"] for _ in range(5)]
    assert len(server.requests) == 2
    engine.queue.sent.clear()
    set_budget(engine, 4 * CENT, version=version)
    assert sorted(engine.queue.ids) == sorted(ids[2:]), "each waiting task asks again"
    engine.run(*engine.queue.ids)
    assert len(server.requests) == 4
    assert sum(engine.task(id).status is Status.COMPLETED for id in ids) == 4
    assert engine.db.run(budgets.count_over_budget) == 1


def test_a_deleted_budget_lets_all_run(engine: Engine, server: ModelServer) -> None:
    version = set_budget(engine, 0)
    row = think(engine, server)
    values: Any = {"scope": "stack", "subject": "*", "period": "day", "on_limit": "wait"}
    operators.delete_budget(engine.db, engine.queue, Budget(**values, amount=0, version=version), "op", "a test")
    engine.run(row["id"])
    assert engine.task(row["id"]).status is Status.COMPLETED


def test_a_model_without_a_price_is_refused_where_a_budget_applies(engine: Engine, server: ModelServer) -> None:
    engine.db.connection().execute("DELETE FROM agent_model_prices")
    assert think(engine, server)["status"] == "completed"
    set_budget(engine, 100 * CENT)
    assert think(engine, server)["error"]["code"] == "model_without_price"


def test_a_budget_that_was_changed_meanwhile_is_not_changed(engine: Engine) -> None:
    version = set_budget(engine, CENT)
    set_budget(engine, 2 * CENT, version=version)
    for stale in (0, version, 99):
        with pytest.raises(Conflict):
            set_budget(engine, 3 * CENT, version=stale)
    with pytest.raises(Conflict):
        set_budget(engine, CENT, "owner", version=1)


def test_80_percent_are_noted_once(engine: Engine, server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    set_budget(engine, 5 * CENT)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            think(engine, server)
    noted = [record for record in caplog.records if record.message == "a budget is used to 80 %"]
    assert [record.budget for record in noted] == ["stack:day"]  # type: ignore[attr-defined] # an extra of the line


def started(engine: Engine, count: int) -> list[tuple[UUID, int]]:
    """Return running attempts: (task, token)."""
    ids = [engine.submit("test.noop", owner=str(number % 3)).id for number in range(count)]
    sql = """UPDATE agent_tasks SET status = 'processing', token = nextval('attempt_token'), attempts = 1,
             leased_by = 'w', leased_until = task_now() + interval '1 minute' WHERE id = ANY(%s) RETURNING id, token"""
    return [(row["id"], row["token"]) for row in engine.db.connection().execute(sql, (ids,)).fetchall()]


def test_many_workers_reserve_no_more_than_the_limit(engine: Engine) -> None:
    set_budget(engine, 37 * CENT)
    attempts = started(engine, 60)
    databases = [engine.database("worker") for _ in range(6)]
    for database in databases:
        database.connection()

    def reserve(part: int) -> list[str]:
        verdicts: list[str] = []
        for task, token in attempts[part::6]:
            found = databases[part].run(budgets.reserve_model_call, task, token, "s", "test-model", (1, 1))
            if found.verdict == "reserved" and task.int % 2:
                step = PaidStep(name="s", result="1", fault=None, took_ms=1, input_tokens=1, output_tokens=1)
                databases[part].run(budgets.record_paid_step, task, token, step)
            verdicts.append(found.verdict)
        return verdicts

    with ThreadPoolExecutor(6) as pool:
        verdicts = [verdict for part in pool.map(reserve, range(6)) for verdict in part]
    assert (verdicts.count("reserved"), verdicts.count("wait")) == (37, 23)
    settled = sum(call["cost"] for call in ledger(engine) if call["settled_at"])
    assert spending(engine)[("stack", "*")] == settled


def test_a_reservation_is_void_with_its_token(engine: Engine) -> None:
    set_budget(engine, CENT)
    (first, token), (second, other) = started(engine, 2)
    call = ("s", "test-model", (1, 1))
    assert engine.db.run(budgets.reserve_model_call, first, token, *call).verdict == "reserved"
    found = engine.db.run(budgets.reserve_model_call, second, other, *call)
    assert (found.verdict, found.seconds) == ("wait", 10.0), "only a reservation is in the way"
    engine.db.connection().execute("UPDATE agent_tasks SET token = nextval('attempt_token') WHERE id = %s", (first,))
    assert engine.db.run(budgets.reserve_model_call, second, other, *call).verdict == "reserved"
    assert engine.db.run(budgets.reserve_model_call, first, token, *call).verdict == "lost"


def test_an_erasure_takes_the_owners_ledger_and_no_other(engine: Engine, server: ModelServer) -> None:
    for owner in ("1", "2"):
        think(engine, server, owner=owner)
        set_budget(engine, CENT, "owner", owner)
    keep = engine.submit("test.noop", owner="1").id
    with engine.db.transaction() as conn:
        erasure.erase_owner(conn, "1", keep)
    assert {call["owner_id"] for call in ledger(engine)} == {"2"}
    assert ("owner", "1") not in spending(engine)
    assert ("owner", "2") in spending(engine)
    assert [each.subject for each in engine.db.run(budgets.list_budgets)] == ["2"]


def test_the_api_sees_no_ledger_of_others(engine: Engine, server: ModelServer) -> None:
    from orchestrator.store import row_security

    rows = {owner: think(engine, server, owner=owner)["id"] for owner in ("1", "2")}
    api = engine.database("api")
    with api.row_context(row_security.owner("1")):
        assert api.run(budgets.task_cost, rows["1"]) is not None
        assert api.run(budgets.task_cost, rows["2"]) is None
