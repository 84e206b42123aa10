"""Planted bug: a database write comes before the step."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tests.support.planted import bank
from tests.support.planted.order_correct import Order


@agent("order.early", payload=Order)
def pay(ctx: Context, payload: Order) -> dict[str, Any]:
    ctx.db.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, %s)", (ctx.task_id, ctx.attempt))
    return {"receipt": ctx.step("charge", lambda key: bank.charge(payload.amount, key=key))}
