"""Planted bug: the effect happens outside of a step."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tests.support.planted import bank
from tests.support.planted.order_correct import Order


@agent("order.outside", payload=Order)
def pay(ctx: Context, payload: Order) -> dict[str, Any]:
    return {"receipt": bank.charge(payload.amount)}
