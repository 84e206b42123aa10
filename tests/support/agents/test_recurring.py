"""Declares when the system runs it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context


class Nothing(BaseModel):
    pass


@agent("test.recurring", payload=Nothing, every="0 7 * * *", time_zone="Europe/Paris", overlap="skip")
def recurring(ctx: Context, payload: Nothing) -> dict[str, Any]:
    return {"owner": ctx.owner}
