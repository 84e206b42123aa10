"""The OpenAPI document of exactly the routes an app serves: made at build time, kept as a committed file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, TypeAdapter, create_model

from orchestrator.http.authentication import SAFE_METHODS
from orchestrator.http.operation import Operation, Schema, declared
from orchestrator.http.schemas.requests import SubmitTask

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Route

    from orchestrator.engine.agents import Agent, Agents

Mode = Literal["validation", "serialization"]
Json = dict[str, Any]

SUBMIT = Schema("orchestrator.http.schemas.requests", "SubmitTask")
REFUSAL = Schema("orchestrator.http.schemas.responses", "Refusal")
SCHEMAS = "#/components/schemas/"

#: The meaning of each error status.
REASONS: Mapping[int, str] = {
    400: "The request has faults, all named",
    401: "No valid token",
    403: "Not for this caller",
    404: "Not there, or not the caller's",
    409: "The state of things does not allow it",
    410: "Replaced by another route",
    413: "The body is too large",
    415: "The body is not said to be JSON",
    422: "The idempotency key was used with another request",
    429: "Too many requests",
    500: "The server failed",
    503: "A part we need is away",
}


class UndeclaredRouteError(LookupError):
    """A route has no @operation beside it."""


def document(routes: Iterable[Route], agents: Agents, *, title: str, version: str) -> Json:
    """OpenAPI 3.1. Raise UndeclaredRouteError for a route that promises nothing."""
    operations = [(route.method, route.openapi_path, _promise(route)) for route in routes]
    schemas, components = _schemas((promise for _, _, promise in operations), agents)
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


def _schemas(promises: Iterable[Operation], agents: Agents) -> tuple[Mapping[tuple[Schema, Mode], Json], Json]:
    """Return a reference for every schema in use, and the definitions."""
    keys: dict[tuple[Schema, Mode], None] = {(REFUSAL, "serialization"): None}
    for promise in promises:
        keys.update(dict.fromkeys(_shapes(promise)))
    inputs = [(shape, mode, _adapter(shape, agents)) for shape, mode in keys]
    schemas, definitions = TypeAdapter.json_schemas(inputs, ref_template=SCHEMAS + "{model}")
    references = {(shape, mode): dict(schema) for (shape, mode), schema in schemas.items()}
    return references, dict(sorted(definitions.get("$defs", {}).items()))


def _adapter(shape: Schema, agents: Agents) -> TypeAdapter[Any]:
    return TypeAdapter(_submit_shape(agents) if shape == SUBMIT else shape.load())


def _submit_shape(agents: Agents) -> Any:
    """Return the body of a submit: one variant for each type that is open to users, chosen by `type`."""
    variants = [_variant(agents.get(name)) for name in agents.open_types()]
    if not variants:
        return SubmitTask
    if len(variants) == 1:
        return variants[0]
    return Annotated[reduce(or_, variants), Field(discriminator="type")]


def _variant(agent: Agent) -> type[SubmitTask]:
    needed = any(field.is_required() for field in agent.payload.model_fields.values())
    default: Any = ... if needed else Field(default_factory=dict)
    name = "Submit" + "".join(part[0].upper() + part[1:] for part in agent.type.split("."))
    fields: Any = {"type": (Literal[agent.type], ...), "payload": (agent.payload, default)}
    return create_model(name, __base__=SubmitTask, __doc__=f"A task of type `{agent.type}`.", **fields)


def _shapes(promise: Operation) -> Iterator[tuple[Schema, Mode]]:
    if promise.body is not None:
        yield promise.body, "validation"
    for answer in promise.answers.values():
        if answer is not None:
            yield answer, "serialization"


def _operation(method: str, path: str, promise: Operation, schemas: Mapping[tuple[Schema, Mode], Json]) -> Json:
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
        "responses": _responses(method, promise, schemas),
    }
    if promise.body is not None:
        schema = schemas[promise.body, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if promise.access == "open":
        described["security"] = []
    elif promise.access == "answer":
        described["security"] = [{"bearer": []}, {"cookie": []}, {}]
    return described


def _responses(method: str, promise: Operation, schemas: Mapping[tuple[Schema, Mode], Json]) -> Json:
    answers: Json = {}
    for status, shape in promise.answers.items():
        answers[str(status)] = {"description": "Done" if status != 202 else "Accepted"}
        if shape is not None:
            content = {"application/json": {"schema": schemas[shape, "serialization"]}}
            answers[str(status)]["content"] = content
    refusal = {"application/json": {"schema": schemas[REFUSAL, "serialization"]}}
    for status in sorted(_refusals(method, promise)):
        answers[str(status)] = {"description": REASONS[status], "content": refusal}
    return answers


def _refusals(method: str, promise: Operation) -> set[int]:
    """Return the declared refusals, and those of every route of its kind."""
    rules = {
        401: promise.access != "open",
        403: promise.access == "operator" or method not in SAFE_METHODS,
        413: method not in SAFE_METHODS,
        415: method not in SAFE_METHODS,
        429: 202 in promise.answers,
        400: promise.body is not None or any(each.where != "path" for each in promise.parameters),
        404: any(each.where == "path" for each in promise.parameters),
    }
    return {*promise.refusals, *(status for status, possible in rules.items() if possible), 500, 503}


def _operation_id(method: str, path: str) -> str:
    return re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_")
