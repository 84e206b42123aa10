"""Planted bug: the step does not pass its key on."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tests.support.planted import bank
from tests.support.planted.order_correct import Order


@agent("order.keyless", payload=Order)
def pay(ctx: Context, payload: Order) -> dict[str, Any]:
    return {"receipt": ctx.step("charge", lambda _: bank.charge(payload.amount))}
