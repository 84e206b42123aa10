"""Asks a model in a step, then writes a row of the ledger: an `async def` handler."""

from __future__ import annotations

import threading
from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import AsyncContext
from orchestrator.model.fault_injection import reach
from tests.support.model_server import ask_async

INSERT = "INSERT INTO ledger (task_id, attempt) VALUES (%s, %s)"
#: An event for handlers that go on after their time limit, and a note of each about its end.
GO_ON, WENT_ON = threading.Event(), list[str]()
#: Set while a handler blocks the event loop.
BLOCKS = threading.Event()


class Thought(BaseModel):
    url: str = ""
    do: str = "ask"


@agent("test.think", payload=Thought, open_to_users=True, timeout=120.0)
async def think(ctx: AsyncContext, payload: Thought) -> dict[str, Any]:
    if payload.do == "read":
        return {"rows": await ctx.read("SELECT count(*)::int AS n FROM ledger WHERE task_id = %s", (ctx.task_id,))}
    answer = await ctx.step("ask", lambda key: ask_async(payload.url, key)) if payload.url else 0
    await ctx.progress("asked")
    reach("run.in_handler")
    async with ctx.transaction() as db:
        await db.execute(INSERT, (ctx.task_id, ctx.attempt))
        if payload.do == "step-inside":
            await ctx.step("late", _nothing)
        if payload.do == "raise-inside":
            raise ValueError("inside")
    return {"answer": answer}


async def _nothing(key: str) -> int:
    return 1
