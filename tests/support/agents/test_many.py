"""Many small statements, more than its time allows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context


class Many(BaseModel):
    of: Literal["effects", "progress"]


@agent("test.many", payload=Many, open_to_users=True, timeout=0.03)
def many(ctx: Context, payload: Many) -> dict[str, Any]:
    for number in range(100_000):
        if payload.of == "progress":
            ctx.progress(f"number {number}")
        else:
            ctx.db.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, %s)", (ctx.task_id, number))
    return {}
