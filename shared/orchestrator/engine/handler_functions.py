"""The kinds of functions that can be handlers."""

from __future__ import annotations

import inspect
from collections.abc import Callable


def is_async_handler(type: str, handler: Callable[..., object]) -> bool:
    """Return whether the handler is an async def. Raise TypeError for a generator, whose call would run nothing."""
    functions = (handler, inspect.unwrap(handler), vars(handler.__class__).get("__call__"))
    kinds = (inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    if any(kind(each) for kind in kinds for each in functions):
        raise TypeError(
            f"{type}: the handler is a generator, which the worker would never run; write a function that returns"
        )
    return any(inspect.iscoroutinefunction(each) for each in functions)
