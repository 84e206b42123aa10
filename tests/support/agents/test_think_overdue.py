"""Takes longer than its time limit, as an `async def`."""

from __future__ import annotations

import asyncio
from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import AsyncContext
from tests.support.agents.test_think import BLOCKS, GO_ON, INSERT, WENT_ON, Thought
from tests.support.model_server import ask_async


@agent("test.thinkOverdue", payload=Thought, open_to_users=True, timeout=0.4, max_attempts=1)
async def think_overdue(ctx: AsyncContext, payload: Thought) -> dict[str, Any]:
    if payload.do == "sleep":
        await asyncio.Event().wait()
    elif payload.do == "block":
        BLOCKS.set()
        GO_ON.wait(60)
    elif payload.do == "write-late":
        await _write_late(ctx)
    elif payload.url:
        await ask_async(payload.url, str(ctx.task_id))
    return {}


async def _write_late(ctx: AsyncContext) -> None:
    """Catch the cancel, and write again."""
    async with ctx.transaction() as db:
        await db.execute(INSERT, (ctx.task_id, 1))
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await db.execute(INSERT, (ctx.task_id, 2))
            finally:
                WENT_ON.append("tried")
