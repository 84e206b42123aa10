"""Responses match the description of the API: statuses, schemas and media types, for valid and invalid input."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.gateway import Caller, LambdaContext, http_event

Case = schemathesis.Case[Any]
Start = Callable[[str, list[tuple[str, str]]], object]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
]
#: Requests of each kind for each operation.
EXAMPLES = 8


def served(caller: Caller) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    """The app as WSGI, with API Gateway's event in between."""

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        headers = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        event = http_event(environ["REQUEST_METHOD"], "/", body=body or None, headers=headers)
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["queryStringParameters"] = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        answer = caller.app.resolve(event, LambdaContext())  # type: ignore[arg-type] # has what we use of it
        status = HTTPStatus(answer["statusCode"])
        start(f"{status.value} {status.phrase}", list(answer["headers"].items()))
        return [(answer.get("body") or "").encode()]

    return application


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_answers_are_as_described(operator: Caller, mode: schemathesis.GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", served(operator))
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 20
    for operation in operations:
        with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
            _ask(operation.as_strategy(generation_mode=mode), operator.headers)


def _ask(cases: st.SearchStrategy[Case], headers: dict[str, str]) -> None:
    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
