"""Does nothing, without touching the database."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


@agent("test.noop", payload=Anything, open_to_users=True)
def noop(ctx: Context, payload: Anything) -> dict[str, Any]:
    return payload.model_dump()
