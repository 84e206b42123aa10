"""Call a metered service: five calls at once, ten in any two seconds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.limits.declared import Concurrent, Rate
from tests.support.metered import SERVICE


class MeteredPayload(BaseModel):
    n: int = 0


@agent(
    "test.metered",
    payload=MeteredPayload,
    max_attempts=20,
    limits=[Concurrent("metered", 5), Rate("metered", requests=10, per=2)],
)
def metered(ctx: Context, payload: MeteredPayload) -> dict[str, Any]:
    return {"call": SERVICE.call()}
