"""Every route of the API's description explains bad input to a person, with a stable code for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from orchestrator.http.app import Services
from tests.integration.conftest import signed_in
from tests.support.gateway import Answer, Caller
from tools.virtualenvs import ROOT

DOCUMENT = json.loads((ROOT / "shared/playmate/openapi.json").read_text(encoding="utf-8"))
#: Parts of pydantic's messages, and of Python's.
FOREIGN_WORDING = re.compile(
    r"Input should|Value should|String should|Field required|Extra inputs|after validation|Value error|Assertion failed"
    r"|pydantic|Traceback|object has no attribute|invalid literal|NoneType|unexpected keyword|badly formed hexadecimal"
)
CODE = re.compile(r"[a-z][a-zA-Z]*([._][a-zA-Z]+)*")
#: Values that hardly any field accepts.
VALUES: tuple[object, ...] = (None, "", "\u0000", "a" * 100_000, -1, 1e300, True, [], {}, [None], {"a": {"b": 1}})
SOME_ID = "019a5d0a-ac96-774b-8cce-b302099a8057"
TEXTS = ("-1", "%00", "no", "a" * 3_000, "%ED%A0%80", "9" * 40)
BODIES: tuple[str | bytes, ...] = (
    *("", "{", "null", "[]", "7", '"text"', "{}", '{"not_a_field": 1}'),
    b'{"name": "\xed\xa0\x80"}',  # half a surrogate pair is no UTF-8
)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    #: Names of the parameters by their position: path, query, header.
    parameters: Mapping[str, tuple[str, ...]]
    #: Names of the fields that a body of any kind has; None: the route has no body.
    fields: frozenset[str] | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def bad_requests(self) -> Iterator[tuple[str, str | bytes | None]]:
        """Yield addresses and bodies."""
        for text in TEXTS:
            yield self.at(text), None if self.fields is None else "{}"
            for name in self.parameters.get("query", ()):
                yield f"{self.at(SOME_ID)}?{name}={text}", None
        if self.fields is not None:
            for body in (*BODIES, *(json.dumps(dict.fromkeys(sorted(self.fields), value)) for value in VALUES)):
                yield self.at(SOME_ID), body

    def at(self, text: str) -> str:
        """Return the path with `text` for each parameter."""
        return re.sub(r"\{\w+\}", text, self.path)


def routes() -> list[Route]:
    return [
        Route(method.upper(), path, parameters(operation), fields(operation))
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def parameters(operation: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for parameter in operation.get("parameters", ()):
        found[parameter["in"]] = (*found.get(parameter["in"], ()), parameter["name"])
    return found


def fields(operation: Mapping[str, Any]) -> frozenset[str] | None:
    body = operation.get("requestBody")
    return None if body is None else frozenset(_fields(body["content"]["application/json"]["schema"]))


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield from _fields(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    for one in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from _fields(one)
    yield from schema.get("properties", ())


@pytest.mark.parametrize("route", routes(), ids=str)
def test_every_error_explains_itself(route: Route, api: Caller, services: Services) -> None:
    owners = count(1_000)  # each request has an owner of its own, whom no rate limit stops
    answers = [
        signed_in(api, services, str(next(owners)), role).send(route.method, address, body=body)
        for role in (None, "operator")
        for address, body in route.bad_requests()
    ]
    answers.append(api.send(route.method, route.at(SOME_ID)))
    for answer in answers:
        check(answer)
    if route.fields or "path" in route.parameters:
        assert any(400 <= answer.status < 500 for answer in answers)


def check(answer: Answer) -> None:
    assert answer.status < 500, answer.text
    if answer.status < 400:
        return
    said = answer.json()
    assert CODE.fullmatch(said["code"])
    assert said["message"]
    assert said["faults"] == said["errors"]
    assert not FOREIGN_WORDING.search(answer.text), answer.text
    for error in said["errors"]:
        assert error.keys() == {"field", "code", "message"}
        assert CODE.fullmatch(error["code"])
    if said["errors"]:
        first = said["errors"][0]
        assert first["message"].rstrip(".") in said["message"]


def test_the_check_finds_foreign_wording() -> None:
    assert FOREIGN_WORDING.search("Value should have at least 1 item after validation, not 0")
    assert FOREIGN_WORDING.search("Input should be a valid string")
    assert not FOREIGN_WORDING.search("password: must have at least 8 characters")
