"""Uses one call of an `AsyncContext` after another."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import AsyncContext, Call

#: The keys of every effect that was called, in their order.
CALLED = list[str]()


class Tour(BaseModel):
    do: str


class Answer(BaseModel):
    yes: bool


@agent("test.asyncTour", payload=Tour, open_to_users=True, timeout=1.0, max_attempts=1)
async def tour(ctx: AsyncContext, payload: Tour) -> dict[str, Any]:
    stops = {
        "parallel": _parallel,
        "gather-steps": _gather_steps,
        "stream": _stream,
        "sleep": _sleep,
        "wait": _wait,
        "approve": _approve,
        "children": _children,
        "checkpoint": _checkpoint,
        "continue": _continue,
        "plain-step": _plain_step,
        "with": _with,
    }
    return await stops[payload.do](ctx)


async def _parallel(ctx: AsyncContext) -> dict[str, Any]:
    both = asyncio.Barrier(2)

    async def meet(key: str) -> str:
        await both.wait()
        return key.rpartition(":")[2]

    return dict(await ctx.parallel({"a": meet, "b": meet}, at_most=2))


async def _gather_steps(ctx: AsyncContext) -> dict[str, Any]:
    both = asyncio.Barrier(3)

    async def meet(key: str) -> str:
        await both.wait()
        return key.rpartition(":")[2]

    return {"met": await asyncio.gather(*(ctx.step(name, meet) for name in "abc"))}


async def _stream(ctx: AsyncContext) -> dict[str, Any]:
    async with ctx.stream("answer") as out:
        await out.write("Hel")
        await out.write("lo")
    return {}


async def _sleep(ctx: AsyncContext) -> dict[str, Any]:
    await ctx.sleep("nap", 60)
    return {"slept": True}


async def _wait(ctx: AsyncContext) -> dict[str, Any]:
    return {"yes": (await ctx.wait_for("answer", schema=Answer)).yes}


async def _approve(ctx: AsyncContext) -> dict[str, Any]:
    return {"verdict": (await ctx.approve("pay", show={"cents": 500})).verdict}


async def _children(ctx: AsyncContext) -> dict[str, Any]:
    found = await ctx.gather("all", [Call("test.noop", {}), Call("test.noop", {})])
    return {"children": len(found.children)}


async def _checkpoint(ctx: AsyncContext) -> dict[str, Any]:
    before = await ctx.state()
    await ctx.checkpoint({"n": 3})
    return {"before": before, "after": await ctx.state()}


async def _continue(ctx: AsyncContext) -> dict[str, Any]:
    async def first(key: str) -> int:
        CALLED.append(key)
        return 1

    await ctx.step("first", first)
    if "waits" not in CALLED:
        CALLED.append("waits")
        await asyncio.Event().wait()
    return {"runs": CALLED.count("waits") + 1}


async def _plain_step(ctx: AsyncContext) -> dict[str, Any]:
    plain: Any = len
    return {"answer": await ctx.step("plain", plain)}


async def _with(ctx: AsyncContext) -> dict[str, Any]:
    with ctx.transaction():
        return {}
