"""No text of a request costs much more CPU time than a plain text of the same size, in any field."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any
from urllib.parse import quote

import pytest

from orchestrator.http import rate_limits
from orchestrator.http.app import Services
from orchestrator.http.rate_limits import Allowance
from tests.integration.conftest import signed_in
from tests.support.gateway import Answer, Caller

DOCUMENT: Mapping[str, Any] = json.loads(resources.files("playmate").joinpath("openapi.json").read_text("utf-8"))
#: UTF-8 bytes of a text in a body, and in a path, a query or a header: just below the limits.
BODY_BYTES, LINE_BYTES = 240_000, 8_000
#: CPU time of the worst text, at most that many times the plain one's; times below `FLOOR` seconds count as `FLOOR`.
WORST_RATIO, FLOOR = 5.0, 0.01

#: Repeated up to the size: combining marks, which normalisation sorts; characters that normalisation expands to
#: eighteen each; and texts that number, address, time and document parsers read to the end.
WORST = {
    "marks": "\u0301\u0316",
    "long forms": "\ufdfa",
    "digits": "1",
    "signs": "@.",
    "blanks": " \u3000",
    "headings": "#\n---\n",
    "zeros": "0:",
}
Schema = Mapping[str, Any]


def repeated(text: str, size: int) -> str:
    return "a" + text * (size // len(text.encode()))


def resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def sample(schema: Schema) -> Any:
    """Return a value that fits well enough for the other fields to be read."""
    schema = resolved(schema)
    for options in ("oneOf", "anyOf"):
        if options in schema and "properties" not in schema:
            return sample(schema[options][0])
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "properties" in schema:
        return {name: sample(each) for name, each in schema["properties"].items() if name in schema.get("required", ())}
    return {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}, "null": None}.get(
        schema.get("type", "string"), "abc"
    )


def variants(schema: Schema, text: str) -> Iterator[Any]:
    """Yield values with the text at one position each: every field, every item, and the name of a field."""
    schema = resolved(schema)
    options = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    if "properties" in schema or schema.get("type") == "object":
        base = sample(schema)
        for name, each in schema.get("properties", {}).items():
            yield from ({**base, name: value} for value in variants(each, text))
        yield {**base, text: 1}
        yield {**base, "another": text}
    elif options:
        for each in options:
            yield from variants(each, text)
    elif schema.get("type") == "array":
        yield from ([value] for value in variants(schema["items"], text))
    elif "const" not in schema:
        yield text


Request = tuple[str, str, Mapping[str, Any]]


def requests(text: str, line: str) -> Iterator[Request]:
    """Yield every request with the text at one position; paths, queries and headers contain `line` instead."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody")
            schema = body["content"]["application/json"]["schema"] if body else None
            plain = path.replace("{", "").replace("}", "")
            for value in variants(schema, text) if schema else ():
                yield method.upper(), plain, {"body": json.dumps(value, ensure_ascii=False)}
            more = {"body": json.dumps(sample(schema))} if schema else {}
            for one in operation.get("parameters", ()):
                yield method.upper(), *_with_parameter(path, one, line, more)


def _with_parameter(path: str, parameter: Schema, line: str, more: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    name, plain = parameter["name"], path.replace("{", "").replace("}", "")
    if parameter["in"] == "path":
        return path.replace(f"{{{name}}}", quote(line)), more
    if parameter["in"] == "query":
        return f"{plain}?{name}={quote(line)}", more
    return plain, {**more, "headers": {name: line}}


def cost(caller: Caller, request: Request) -> tuple[float, Answer]:
    method, url, more = request
    before = time.process_time()
    answer = caller.send(method, url, **more)
    return time.process_time() - before, answer


@pytest.fixture
def callers(api: Caller, services: Services, monkeypatch: pytest.MonkeyPatch) -> Mapping[bool, Caller]:
    """By whether the route is an operator's; nobody is refused for the number of requests."""
    many = Allowance("submit", free=1e9, settled_at=1e9, bounds=((1e9, 0.001),))
    monkeypatch.setattr(rate_limits, "SUBMITS", many)
    monkeypatch.setattr(rate_limits, "ADDRESS_BURST", 1e6)
    return {True: signed_in(api, services, "9", "operator"), False: signed_in(api, services, "1")}


@pytest.mark.parametrize("worst", WORST.values(), ids=WORST)
def test_no_text_costs_much_more_than_a_plain_one(callers: Mapping[bool, Caller], worst: str) -> None:
    both = [requests(repeated(each, BODY_BYTES), repeated(each, LINE_BYTES)) for each in ("a", worst)]
    slow, seen = [], 0
    for plain, bad in zip(*both, strict=True):
        caller, seen = callers[bad[1].startswith("/ops/")], seen + 1
        expected = max(FLOOR, cost(caller, plain)[0])
        spent, answer = cost(caller, bad)
        if spent > WORST_RATIO * expected:  # another process may have disturbed this one
            spent = min(spent, cost(caller, bad)[0])
            expected = max(expected, cost(caller, plain)[0])
        if spent > WORST_RATIO * expected or answer.status >= 500:
            slow.append(
                f"{bad[0]} {bad[1][:60]} {str(bad[2])[:80]!a}: {answer.status}, {spent:.3f} s, {expected:.3f} s"
            )
    assert seen > 100
    assert not slow, "\n".join(slow)
