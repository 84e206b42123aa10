"""Waits for children, and is run by the system once a day."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Call, Context
from orchestrator.model.errors import RetryAfter
from tests.support.planted.order_correct import Order


@agent("order.family", payload=Order, every="0 7 * * *")
def family(ctx: Context, payload: Order) -> dict[str, Any]:
    found = ctx.gather("parts", [Call("order.correct", {"amount": amount}) for amount in (1, 2)])
    return {"parts": len(found.results)}


@agent("order.patient", payload=Order)
def patient(ctx: Context, payload: Order) -> dict[str, Any]:
    raise RetryAfter("2d")
