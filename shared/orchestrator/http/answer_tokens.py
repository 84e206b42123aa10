"""Answer tokens in a request: in the header `Authorization` instead of an access token, or in the body."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from orchestrator.http.request import raw_body
from orchestrator.model.ids import ANSWER_TOKEN

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent


def bears_answer_token(event: BaseProxyEvent) -> bool:
    """Return whether the header `Authorization` has an answer token and so no access token."""
    return _bearer(event) is not None


def answer_token(event: BaseProxyEvent) -> str | None:
    """Return the answer token of the header or of the field `answerToken`; None without a well-formed one."""
    bearer = _bearer(event)
    if bearer is not None:
        return bearer
    with suppress(ValueError, RecursionError):
        body = json.loads(raw_body(event))
        return _well_formed(body.get("answerToken")) if isinstance(body, dict) else None
    return None


def _bearer(event: BaseProxyEvent) -> str | None:
    scheme, _, token = event.headers.get("authorization", "").strip().partition(" ")
    return _well_formed(token.strip()) if scheme.lower() == "bearer" else None


def _well_formed(token: object) -> str | None:
    return token if isinstance(token, str) and ANSWER_TOKEN.fullmatch(token) else None
