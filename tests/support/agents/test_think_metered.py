"""Asks a model that answers two calls at once, in the lane `long`."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import AsyncContext
from orchestrator.engine.limits.declared import Concurrent
from tests.support.agents.test_think import Thought
from tests.support.model_server import ask_async


@agent("test.thinkMetered", payload=Thought, timeout=120.0, limits=[Concurrent("model", 2)])
async def think_metered(ctx: AsyncContext, payload: Thought) -> dict[str, Any]:
    return {"answer": await ctx.step("ask", lambda key: ask_async(payload.url, key))}
