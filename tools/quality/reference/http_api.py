"""The reference of the HTTP API, from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tools.quality.openapi import text
from tools.quality.reference.markdown import code, document, table

INTRODUCTION = """\
`GET /openapi.json` returns the same as an OpenAPI 3.1 document. Every route needs an access token, except those marked
*open*. Send it as `Authorization: Bearer …` or as the cookie `SessionID`. A request with a body needs
`Content-Type: application/json`; another type gets `415`."""
#: Statuses that almost every route can answer; the introduction of the page lists them once.
COMMON = ("400", "401", "403", "404", "413", "415", "429", "500", "503")

Schema = Mapping[str, Any]


def page() -> str:
    """Return reference/http.md."""
    return of_document(json.loads(text()))


def of_document(api: Schema) -> str:
    """Return the page of an OpenAPI document."""
    lines = [*_errors(api)]
    for tag in sorted({operation["tags"][0] for _, _, operation in _operations(api)}):
        lines += [f"## {tag.capitalize()}", ""]
        for method, path, operation in _operations(api):
            if operation["tags"][0] == tag:
                lines += _operation(method, path, operation)
    lines += ["## Types", ""]
    for name, schema in sorted(api["components"]["schemas"].items()):
        lines += _type(name, schema)
    return document("HTTP API", INTRODUCTION, lines)


def _operations(api: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _errors(api: Schema) -> list[str]:
    """Return the statuses that routes share, each with the description of its first use."""
    first: dict[str, str] = {}
    for _, _, operation in _operations(api):
        for status, response in operation["responses"].items():
            if status in COMMON:
                first.setdefault(status, response["description"])
    rows = [(code(status), first[status]) for status in sorted(first)]
    return ["## Errors of all routes", "", *table(("status", "meaning"), rows)]


def _operation(method: str, path: str, operation: Schema) -> list[str]:
    is_open = operation.get("security") == []
    parameters = [
        (code(each["name"]), each["in"], _shape(each["schema"]), _note(each, each.get("required", False)))
        for each in operation.get("parameters", ())
    ]
    lines = [f"### `{method} {path}`", "", f"{operation['summary']}.{' *Open.*' if is_open else ''}", ""]
    lines += table(("parameter", "in", "type", "note"), parameters)
    body = operation.get("requestBody")
    if body:
        lines += [f"Body: {_content(body)}", ""]
    answers = [
        (code(status), response["description"], _content(response))
        for status, response in operation["responses"].items()
        if status not in COMMON
    ]
    return lines + table(("status", "meaning", "body"), answers)


def _content(holder: Schema) -> str:
    for media in holder.get("content", {}).values():
        return _shape(media["schema"])
    return ""


def _type(name: str, schema: Schema) -> list[str]:
    required = set(schema.get("required", ()))
    lines = [f"### Type: {name}", ""]
    if schema.get("description"):
        lines += [schema["description"], ""]
    if "properties" not in schema:
        return [*lines, _shape(schema), ""]
    rows = [(code(field), _shape(each), _note(each, field in required)) for field, each in schema["properties"].items()]
    return lines + (table(("field", "type", "note"), rows) or ["No fields.", ""])


def _note(schema: Schema, is_required: bool) -> str:
    inner = schema.get("schema", schema)
    notes = ["required"] if is_required else []
    if "default" in inner:
        notes.append(f"default {code(json.dumps(inner['default']))}")
    if schema.get("description"):
        notes.append(schema["description"])
    return ", ".join(notes)


def _shape(schema: Schema) -> str:
    """Return a schema in a few symbols: a link for a named type, else its kind with its bounds."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", maxsplit=1)[-1]
        return f"[{name.rsplit('__', maxsplit=1)[-1]}](#type-{name.lower()})"
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_shape(each) for each in schema[key]))
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return " or ".join(code(json.dumps(each)) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}{_bounds(schema, 'minItems', 'maxItems')}"
    return _kind(schema)


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "any")
    named = " or ".join(kind) if isinstance(kind, list) else str(kind)
    named = f"{named} ({schema['format']})" if "format" in schema else named
    return named + _bounds(schema, "minLength", "maxLength") + _bounds(schema, "minimum", "maximum")


def _bounds(schema: Schema, least: str, most: str) -> str:
    if least in schema and most in schema:
        return f", {schema[least]} to {schema[most]}"
    if least in schema:
        return f", at least {schema[least]}"
    return f", at most {schema[most]}" if most in schema else ""
