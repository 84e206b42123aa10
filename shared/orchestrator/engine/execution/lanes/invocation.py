"""Calls a handler: a plain function directly, an `async def` on the event loop."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from orchestrator.engine.agents import Agent
from orchestrator.engine.context import Context
from orchestrator.engine.context.async_context import AsyncContext
from orchestrator.engine.execution.lanes.event_loop import EventLoop


def invoke(
    agent: Agent,
    context: Context,
    payload: object,
    *,
    loop: EventLoop,
    begun: Callable[[Future[object]], object] = lambda _: None,
) -> object:
    """Return the handler's result. `begun` gets the future of an `async def` handler, which can cancel it."""
    if not agent.is_async:
        return agent.handler(context, payload)
    asynchronous = AsyncContext(context)
    future = loop.submit(agent.handler(asynchronous, payload))
    begun(future)
    try:
        return future.result()
    except BaseException:
        future.cancel()  # at the handler's next await
        raise
    finally:
        asynchronous.end()
