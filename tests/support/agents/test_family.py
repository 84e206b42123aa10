"""Gathers children, after a step and beside a spawned child."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Call, Context


class Family(BaseModel):
    children: list[dict[str, Any]]
    quorum: int | None = None
    deadline: float | None = None
    spawn: bool = False
    spawn_first: bool = False


@agent("test.family", payload=Family)
def family(ctx: Context, payload: Family) -> dict[str, Any]:
    first = ctx.step("first", lambda key: {"key": key, "attempt": ctx.attempt})
    if payload.spawn_first:
        ctx.spawn("test.noop", {"from": str(ctx.task_id)})
    calls = [Call("test.effect", child) for child in payload.children]
    gathered = ctx.gather("kids", calls, quorum=payload.quorum, deadline=payload.deadline)
    if payload.spawn:
        ctx.spawn("test.noop", {"from": str(ctx.task_id)})
    return {
        "first": first,
        "statuses": [child.status.value for child in gathered.children],
        "timedOut": gathered.timed_out,
    }
