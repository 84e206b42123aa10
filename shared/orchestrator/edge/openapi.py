"""The OpenAPI document of exactly the routes an app serves: made at build time, kept as a committed file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from orchestrator.edge.operations import Operation, declared

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Route

Mode = Literal["validation", "serialization"]
Json = dict[str, Any]

REFUSAL = "orchestrator.edge.answers:Refusal"
SCHEMAS = "#/components/schemas/"

#: What a refusal's status means here.
REASONS: Mapping[int, str] = {
    400: "The request has faults, all named",
    401: "No valid token",
    403: "Not for this caller",
    404: "Not there, or not the caller's",
    409: "The state of things does not allow it",
    413: "The body is too large",
    422: "The idempotency key was used with another request",
    429: "Too many requests",
    500: "A fault of ours",
    503: "A part we need is away",
}


class UndeclaredRouteError(LookupError):
    """A route has no @operation beside it."""


def document(routes: Iterable[Route], *, title: str, version: str) -> Json:
    """OpenAPI 3.1. Raises UndeclaredRouteError for a route that promises nothing."""
    operations = [(route.method, route.openapi_path, _promise(route)) for route in routes]
    schemas, components = _schemas(promise for _, _, promise in operations)
    paths: dict[str, Json] = {}
    for method, path, promise in sorted(operations, key=lambda each: (each[1], each[0])):
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, promise, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "SessionID"},
            },
        },
    }


def _promise(route: Route) -> Operation:
    found = declared(route.func)
    if found is None:
        raise UndeclaredRouteError(f"{route.method} {route.path} has no @operation")
    return found


def _schemas(promises: Iterable[Operation]) -> tuple[Mapping[tuple[str, Mode], Json], Json]:
    """A reference for every shape in use, and what they refer to."""
    keys: dict[tuple[str, Mode], None] = {(REFUSAL, "serialization"): None}
    for promise in promises:
        keys.update(dict.fromkeys(_shapes(promise)))
    inputs = [(shape, mode, TypeAdapter(_resolve(shape))) for shape, mode in keys]
    schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=SCHEMAS + "{model}")
    return {(shape, mode): dict(schema) for (shape, mode), schema in schemas.items()}, dict(
        sorted(definitions.get("$defs", {}).items())
    )


def _shapes(promise: Operation) -> Iterator[tuple[str, Mode]]:
    if promise.body is not None:
        yield promise.body, "validation"
    for answer in promise.answers.values():
        if answer is not None:
            yield answer, "serialization"


def _resolve(shape: str) -> Any:
    module, _, name = shape.partition(":")
    return getattr(import_module(module), name)


def _operation(method: str, path: str, promise: Operation, schemas: Mapping[tuple[str, Mode], Json]) -> Json:
    described: Json = {
        "operationId": _operation_id(method, path),
        "summary": promise.summary,
        "tags": [promise.tag],
        "parameters": [
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.where == "path",
                "schema": dict(parameter.schema),
                **({"description": parameter.description} if parameter.description else {}),
            }
            for parameter in promise.parameters
        ],
        "responses": _responses(promise, schemas),
    }
    if promise.body is not None:
        schema = schemas[promise.body, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if promise.access == "open":
        described["security"] = []
    return described


def _responses(promise: Operation, schemas: Mapping[tuple[str, Mode], Json]) -> Json:
    answers: Json = {}
    for status, shape in promise.answers.items():
        answers[str(status)] = {"description": "Done" if status != 202 else "Accepted"}
        if shape is not None:
            content = {"application/json": {"schema": schemas[shape, "serialization"]}}
            answers[str(status)]["content"] = content
    refusal = {"application/json": {"schema": schemas[REFUSAL, "serialization"]}}
    for status in sorted(_refusals(promise)):
        answers[str(status)] = {"description": REASONS[status], "content": refusal}
    return answers


def _refusals(promise: Operation) -> set[int]:
    """Those declared, and those every route of its kind can give."""
    statuses = {*promise.refusals, 500, 503}
    if promise.access != "open":
        statuses.add(401)
    if promise.access == "operator":
        statuses.add(403)
    if promise.body is not None:
        statuses |= {400, 413}
        if promise.access != "open":
            statuses.add(403)
    if any(parameter.where == "path" for parameter in promise.parameters):
        statuses.add(404)
    if any(parameter.where != "path" for parameter in promise.parameters):
        statuses.add(400)
    return statuses


def _operation_id(method: str, path: str) -> str:
    return re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_")
