"""Charges once a person has agreed."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tests.support.planted import bank


class Order(BaseModel):
    amount: int = 1
    by: Literal["owner", "operator"] | list[str] = "owner"


@agent("order.approved", payload=Order)
def approved(ctx: Context, order: Order) -> dict[str, Any]:
    decision = ctx.approve("pay", show={"amount": order.amount}, by=order.by, expires="2d")
    if not decision.approved:
        return {"verdict": decision.verdict}
    ctx.sleep("before the charge", "30d")
    receipt = ctx.step("charge", lambda key: bank.charge(decision.value["amount"], key=key))
    return {"verdict": decision.verdict, "by": decision.by, "receipt": receipt}
