"""Charges in a step with its key, then writes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tests.support.planted import bank


class Order(BaseModel):
    amount: int = 7


@agent("order.correct", payload=Order)
def pay(ctx: Context, payload: Order) -> dict[str, Any]:
    receipt = ctx.step("charge", lambda key: bank.charge(payload.amount, key=key))
    ctx.db.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, %s)", (ctx.task_id, ctx.attempt))
    return {"receipt": receipt}
