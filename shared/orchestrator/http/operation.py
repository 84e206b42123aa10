"""The declaration of a route, written beside it: the OpenAPI document is generated from these at build time.

Schemas are named and not imported, so that a cold start does not import pydantic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
JsonSchema = Mapping[str, Any]


class Schema(NamedTuple):
    """The name of a pydantic model or type in a module that is not imported yet."""

    module: str
    name: str

    def load(self) -> Any:
        """Import the module and return its attribute of this name."""
        return getattr(import_module(self.module), self.name)


class SchemaModule:
    """A module of schemas: each attribute is the `Schema` of that name.

    A route's file imports the module itself under `TYPE_CHECKING`, so that a type checker knows each name.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Schema:
        return Schema(self._module, name)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in the query, the path or a header, with its JSON schema."""

    name: str
    schema: JsonSchema
    where: Literal["query", "path", "header"] = "query"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    summary: str
    #: Success statuses, each with the schema of its response; None for no body.
    answers: Mapping[int, Schema | None]
    body: Schema | None = None
    parameters: tuple[Parameter, ...] = ()
    #: Statuses of refusals beyond those every route can give.
    refusals: tuple[int, ...] = ()
    #: `answer`: a user, an operator, or the bearer of an answer token.
    access: Literal["open", "user", "operator", "answer"] = "user"
    tag: str = "tasks"
    #: Whether it serves a caller whose account is closed: they may still ask whether the erasure has ended.
    answers_the_erased: bool = False


_DECLARED = "__operation__"

#: The path parameter of every route of one task.
TASK_ID = Parameter("task_id", {"type": "string", "format": "uuid"}, "path")


def operation(
    summary: str,
    answers: Mapping[int, Any],
    *,
    body: Any = None,
    parameters: tuple[Parameter, ...] = (),
    refusals: tuple[int, ...] = (),
    access: Literal["open", "user", "operator", "answer"] = "user",
    tag: str = "tasks",
    answers_the_erased: bool = False,
) -> Callable[[F], F]:
    """Declare a route; goes below its `@router.get(…)`. A route without one is closed and fails the build."""
    declared = Operation(summary, answers, body, parameters, refusals, access, tag, answers_the_erased)

    def declare(route: F) -> F:
        setattr(route, _DECLARED, declared)
        return route

    return declare


def declared(route: Callable[..., Any]) -> Operation | None:
    found = getattr(route, _DECLARED, None)
    return found if isinstance(found, Operation) else None
