"""Errors as HTTP responses. Only this module gives an error its status, for HTTP and for the WebSocket.

Every error has the body `{code, message, errors, faults, traceId}`. `code` is stable and for programs; `message` is a
sentence for people. `errors` lists the faults of an input as `{field, code, message}`; `faults` repeats it for older
clients.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from orchestrator.model.errors import (
    AlreadyAnswered,
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    KeyReused,
    NotFound,
    Rejected,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from orchestrator.observability import logger
from orchestrator.observability.error_summary import fingerprint

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    #: A route's answer: its body is JSON text.
    JsonResponse: TypeAlias = Response[str]

#: Seconds after which a client may call an unavailable part again.
RETRY_AFTER = 2


class MethodNotAllowed(Rejected):
    """The path exists, but not for this method."""

    code = "method_not_allowed"

    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__(f"This method is not allowed here. Allowed: {', '.join(sorted(allowed))}.")
        self.allowed = allowed


class NotJson(Rejected):
    """The content type of the body is not JSON: a form of any foreign page could have sent it."""

    code = "unsupported_media_type"


STATUS: Mapping[type[Rejected], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    Gone: 410,
    TooLarge: 413,
    NotJson: 415,
    KeyReused: 422,
    TooMany: 429,
    Unavailable: 503,
}


def status_of(error: Rejected) -> int:
    """Return the status of the error's class, or of its nearest base class that has one."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def error_response(error: Exception, request_id: str, trace_id: str) -> JsonResponse:
    """Return the response to a request that ended in `error`; details for operators stay in the log."""
    if not isinstance(error, Rejected):
        logger.exception("request failed", exc_info=error, fingerprint=fingerprint(error))
        body = error_body("internal_error", "Something went wrong on our side.", trace_id)
        return json_response(500, {**body, "requestId": request_id})
    status = status_of(error)
    if status >= 500:
        logger.warning("request not served", exc_info=error)
    faults = error.faults if isinstance(error, InvalidInput) else ()
    named = [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in faults]
    message = f"{faults[0].field}: {faults[0].message}" if faults else error.message
    body = error_body(error.code, message, trace_id, named)
    if isinstance(error, AlreadyAnswered):
        body |= {"answeredAt": error.answered_at, "answeredBy": error.answered_by}
    return json_response(status, body, _headers(error))


def error_body(code: str, message: str, trace_id: str, errors: list[dict[str, str]] | None = None) -> dict[str, object]:
    """Return the body that every error has."""
    return {"code": code, "message": message, "errors": errors or [], "faults": errors or [], "traceId": trace_id}


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Return a response with `body` as JSON."""
    from aws_lambda_powertools.event_handler import Response

    return Response(
        status_code=status,
        content_type="application/json",
        body=to_json(body),
        headers=dict(headers or {}),
    )


def to_json(value: object) -> str:
    """Return compact JSON. Raise ValueError for NaN and infinities, which are not JSON."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _headers(error: Rejected) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case MethodNotAllowed():
            return {"Allow": ", ".join(sorted(error.allowed))}
        case TooMany():
            return {"Retry-After": str(error.retry_after)}
        case Unavailable():
            return {"Retry-After": str(RETRY_AFTER)}
        case _:
            return {}
