"""The frame around every function: one log line per invocation, with what it was and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrator.observe import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Event = Mapping[str, Any]

#: What a line has beyond one invocation's own keys.
LASTING = frozenset({*logger.get_current_keys(), "version"})
Answer = TypeVar("Answer")


def entry(handle: Callable[[Event, LambdaContext], Answer]) -> Callable[[Event, LambdaContext], Answer]:
    """Decorates a function's handler."""

    @wraps(handle)
    def handler(event: Event, context: LambdaContext) -> Answer:
        started = perf_counter()
        logger.append_keys(request_id=context.aws_request_id, function=context.function_name)
        try:
            answer = handle(event, context)
        except Exception:
            logger.exception("invocation failed")
            raise
        else:
            logger.info("invocation done", milliseconds=round((perf_counter() - started) * 1000, 1))
            return answer
        finally:
            logger.remove_keys(logger.get_current_keys().keys() - LASTING)

    return handler
