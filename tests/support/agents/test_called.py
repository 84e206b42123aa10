"""Call a service under limits: by its name, and by the city of the payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.limits.declared import Concurrent, Rate

#: The service, where a test plays it.
SERVICE: list[Callable[[Context, CallPayload], Any]] = []


class CallPayload(BaseModel):
    city: str = "Rome"


LIMITS: list[Concurrent | Rate] = [
    Concurrent("service", 5),
    Rate("service", requests=20, per=60),
    Concurrent("city", 2, key=lambda payload: payload.city),
]


@agent("test.called", payload=CallPayload, limits=LIMITS)
def called(ctx: Context, payload: CallPayload) -> dict[str, Any]:
    return {"answer": SERVICE[-1](ctx, payload) if SERVICE else None}
