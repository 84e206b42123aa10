"""The wrapper of every function: metrics, and a log line for an invocation that was slow or failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar, cast

from orchestrator.observability import logger, metrics, tracing
from orchestrator.observability.error_summary import fingerprint, message_of, position

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Event = Mapping[str, object]

#: The key of the weekly event that keeps Lambda from making a quiet function inactive
#: (infrastructure/keep_active.yaml).
KEEP_ACTIVE = "keepActive"

#: Keys of a log line that outlive an invocation.
LASTING = frozenset({*logger.get_current_keys(), "version"})
Answer = TypeVar("Answer")
#: Milliseconds from which an invocation has a log line of its own.
SLOW = 1_000.0

#: Functions this container has answered for: one, but for tests.
_warm: set[str] = set()


class InvocationFailed(Exception):
    """The error that Lambda logs: the type and position of the original error, without its message."""


def entry(handle: Callable[[Event, LambdaContext], Answer]) -> Callable[[Event, LambdaContext], Answer]:
    """Decorate a function's handler."""

    @wraps(handle)
    def handler(event: Event, context: LambdaContext) -> Answer:
        if KEEP_ACTIVE in event and len(event) == 1:
            return cast("Answer", None)
        started = perf_counter()
        _count_cold_start(context.function_name)
        logger.append_keys(request_id=context.aws_request_id, function=context.function_name)
        try:
            answer = handle(event, context)
        except Exception as error:
            logger.exception("invocation failed", fingerprint=fingerprint(error))
            if message_of(error) == str(error):
                raise
            raise InvocationFailed(f"{type(error).__name__} in {position(error)}, {fingerprint(error)}") from None
        else:
            milliseconds = round((perf_counter() - started) * 1000, 1)
            log = logger.info if milliseconds >= SLOW else logger.debug
            log("invocation done", milliseconds=milliseconds)
            return answer
        finally:
            metrics.flush()
            tracing.flush()
            logger.remove_keys(logger.get_current_keys().keys() - LASTING)

    return handler


def _count_cold_start(function: str) -> None:
    if function not in _warm:
        _warm.add(function)
        metrics.count("ColdStart")
