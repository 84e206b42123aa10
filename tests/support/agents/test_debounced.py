"""Unique by its topic: waits until its submits pause."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.unique import Unique, debounce


class Renewal(BaseModel):
    topic: str | None = None
    version: int = 0
    #: Submit the next version from inside.
    again: bool = False


@agent(
    "test.debounced",
    payload=Renewal,
    open_to_users=True,
    unique=Unique(lambda payload: payload.topic, debounce(10, max="30s")),
)
def debounced(ctx: Context, payload: Renewal) -> dict[str, Any]:
    if payload.again:
        ctx.spawn("test.debounced", {"topic": payload.topic, "version": payload.version + 1})
    return {"version": payload.version}
