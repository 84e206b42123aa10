"""Budgets over HTTP: operators set them, everybody else does not, and an owner reads the cost of a task."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from orchestrator.http.schemas import budgets
from orchestrator.http.schemas.responses import TaskView
from orchestrator.store.connection import Connection
from tests.support.gateway import Answer, Caller
from tests.support.shapes import validated

DAILY = {"period": "day", "limit": 20_000_000, "reason": "launch"}


def put(caller: Caller, path: str, body: dict[str, Any]) -> Answer:
    return caller.send("PUT", path, body=json.dumps(body), headers={"content-type": "application/json"})


def test_a_budget_is_created_changed_listed_and_deleted(operator: Caller) -> None:
    assert put(operator, "/ops/budgets/stack", DAILY).json() == {"version": 1}
    changed = put(operator, "/ops/budgets/stack", {**DAILY, "limit": 5, "onLimit": "refuse", "version": 1})
    assert changed.json() == {"version": 2}
    listed = validated(budgets.Budgets, operator.get("/ops/budgets").json())
    assert listed["items"] == [
        {
            "scope": "stack",
            "subject": "*",
            "period": "day",
            "limit": 5,
            "onLimit": "refuse",
            "version": 2,
            "used": 0,
            "reserved": 0,
            "spender": None,
        }
    ]
    assert put(operator, "/ops/budgets/stack", {**DAILY, "version": 1}).status == 409
    assert put(operator, "/ops/budgets/stack", {**DAILY, "limit": None, "version": 2}).json() == {"version": None}
    assert operator.get("/ops/budgets").json()["items"] == []
    trail = [entry["action"] for entry in operator.get("/ops/audit?limit=10").json()["items"]]
    assert trail[:3] == ["delete-budget", "set-budget", "set-budget"]


def test_a_price_is_data(operator: Caller) -> None:
    price = {"model": "a-model", "perRequest": 1, "perMillionInput": 3_000_000, "perMillionOutput": 15_000_000}
    assert validated(budgets.PriceView, put(operator, "/ops/prices", price).json()) == price
    assert operator.get("/ops/budgets").json()["prices"] == [price]


@pytest.mark.parametrize(
    ("scope", "change", "field"),
    [
        ("stack", {"subject": "1"}, "subject"),
        ("stack", {"period": "life"}, "period"),
        ("task", {"period": "day"}, "period"),
        ("owner", {"limit": -1}, "limit"),
        ("owner", {"limit": "5"}, "limit"),
        ("owner", {"onLimit": "explode"}, "onLimit"),
        ("owner", {"reason": ""}, "reason"),
    ],
)
def test_every_fault_is_named(operator: Caller, scope: str, change: dict[str, Any], field: str) -> None:
    answer = put(operator, f"/ops/budgets/{scope}", {**DAILY, **change})
    assert (answer.status, [fault["field"] for fault in answer.json()["errors"]]) == (400, [field])


def test_only_operators_see_and_set_budgets(ann: Caller, anyone: Caller, operator: Caller) -> None:
    for caller, status in ((ann, 403), (anyone, 401)):
        assert caller.get("/ops/budgets").status == status
        assert put(caller, "/ops/budgets/stack", DAILY).status == status
        assert put(caller, "/ops/prices", {"model": "x"}).status == status
    assert put(operator, "/ops/budgets/nobody", DAILY).status == 404


def test_the_owner_reads_the_cost_of_a_task(ann: Caller, conn: Connection) -> None:
    made = ann.post("/api/tasks", {"type": "echo", "payload": {}})
    id = UUID(made.json()["id"])
    assert "cost" not in ann.get(f"/api/tasks/{id}").json()
    conn.execute(
        """INSERT INTO agent_model_calls (task_id, step, root_id, owner_id, type, model, token, cost, input_tokens,
                                          output_tokens, settled_at)
           SELECT id, 'turn:' || turn, id, owner_id, type, 'm', 1, 5, 10, 20, CASE WHEN turn < 3 THEN now() END
           FROM agent_tasks, generate_series(1, 3) AS turn WHERE id = %s""",
        (id,),
    )
    view = validated(TaskView, ann.get(f"/api/tasks/{id}").json())
    assert view["cost"] == {"micros": 10, "calls": 2, "inputTokens": 20, "outputTokens": 40}
    assert ann.get(f"/api/tasks/{uuid4()}").status == 404
