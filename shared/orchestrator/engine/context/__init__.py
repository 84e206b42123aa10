"""The context that a handler gets, and the children and steps behind it."""

from __future__ import annotations

from orchestrator.engine.context.async_context import AsyncContext
from orchestrator.engine.context.attempt_context import Context
from orchestrator.engine.context.children import Call, Child, Gathered

__all__ = ["AsyncContext", "Call", "Child", "Context", "Gathered"]
