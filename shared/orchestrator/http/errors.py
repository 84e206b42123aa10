"""An error as an HTTP answer: what was meant for the caller, and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from orchestrator.http.statuses import MethodNotAllowed, status_of
from orchestrator.model.errors import InvalidInput, Rejected, TooMany, Unauthenticated, Unavailable
from orchestrator.observability import logger
from orchestrator.observability.error_summary import fingerprint

#: Seconds a client waits before it asks a part again that was away.
RETRY_AFTER = 2


def answer_error(error: Exception, request_id: str, trace_id: str) -> Response[Any]:
    """The answer to a request that ended in `error`; what was not meant for the caller stays in the log."""
    if not isinstance(error, Rejected):
        logger.exception("request failed", exc_info=error, fingerprint=fingerprint(error))
        words = "Something went wrong on our side."
        return json_response(500, {"message": words, "requestId": request_id, "traceId": trace_id})
    status = status_of(error)
    if status >= 500:
        logger.warning("request not served", exc_info=error)
    body: dict[str, Any] = {"message": error.message, "traceId": trace_id}
    if isinstance(error, InvalidInput):
        body["faults"] = [{"field": fault.field, "message": fault.message} for fault in error.faults]
    return json_response(status, body, _headers(error))


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response[Any]:
    return Response(
        status_code=status,
        content_type="application/json",
        body=to_json(body),
        headers=dict(headers or {}),
    )


def to_json(value: object) -> str:
    """Compact JSON; NaN and infinities, which are not JSON, are an error of ours."""
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
