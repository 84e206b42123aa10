"""Tools that a model may call: typed functions and other agents."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from orchestrator.engine.context.waits import asked_of
from orchestrator.engine.waiting.approvals import Approvers
from orchestrator.llm.model import ToolSpec
from orchestrator.model.durations import Duration, seconds_of
from orchestrator.model.errors import OrchestratorError

if TYPE_CHECKING:
    from pydantic import BaseModel

#: The parameter of a tool's function that gets the step's idempotency key.
KEY = "idempotency_key"


class ToolError(OrchestratorError):
    """Raised by a tool to give its message to the model, which may try something else."""


@dataclass(frozen=True, slots=True)
class Tool:
    """The name, the description and the arguments of a tool, as the model sees them.

    `approve`: the people who decide about each call before it runs, for as long as `expires`; None: it runs at once.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    approve: Approvers | None = field(default=None, kw_only=True)
    expires: Duration | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Raise ValueError for nobody in `approve`, or for `expires` without it."""
        if self.approve is not None:
            asked_of(self.approve, "owner")
        elif self.expires is not None:
            raise ValueError(f"tool {self.name!r} has expires= but no approve=")
        if self.expires is not None:
            seconds_of(self.expires)

    @property
    def spec(self) -> ToolSpec:
        """Return the tool as the model sees it."""
        return ToolSpec(self.name, self.description, self.arguments.model_json_schema())


@dataclass(frozen=True, slots=True)
class FunctionTool(Tool):
    """A function that runs as a step."""

    function: Callable[..., Any]

    def run(self, arguments: BaseModel, key: str) -> Any:
        """Call the function with validated arguments, and with the step's idempotency key if it wants it."""
        given = {name: getattr(arguments, name) for name in self.arguments.model_fields}
        if KEY in inspect.signature(self.function).parameters:
            given[KEY] = key
        return self.function(**given)


@dataclass(frozen=True, slots=True)
class AgentTool(Tool):
    """The type of an agent that runs as a child task."""

    type: str


@overload
def tool(function: Callable[..., Any], /) -> FunctionTool: ...
@overload
def tool(
    *, name: str | None = None, approve: Approvers | None = None, expires: Duration | None = None
) -> Callable[[Callable[..., Any]], FunctionTool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    approve: Approvers | None = None,
    expires: Duration | None = None,
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function with typed parameters and a docstring, which the model reads.

    The function runs as a step: once, and its result is JSON. A parameter called `idempotency_key` gets the step's
    key; pass it to the service that has the effect. A ToolError that it raises goes to the model as the response.

    With `approve` a call waits for the decision of the task's owner, of an operator, or of one of some owners, at most
    for `expires`. A refused or expired call does not run, and the model reads that as the response.

    Raise TypeError for a parameter without a type and ValueError for a function without a docstring.
    """
    if function is None:
        return lambda given: _of_function(given, name, approve, expires)
    return _of_function(function, name, approve, expires)


def agent_tool(
    type: str,
    payload: type[BaseModel],
    description: str,
    *,
    name: str | None = None,
    approve: Approvers | None = None,
    expires: Duration | None = None,
) -> AgentTool:
    """Make a tool of an agent: the call runs as a child task with its own attempts, and its result is the response.

    `approve` and `expires` are those of `tool`.
    """
    return AgentTool(name or type.replace(".", "_"), description, payload, type, approve=approve, expires=expires)


def _of_function(
    function: Callable[..., Any], name: str | None, approve: Approvers | None, expires: Duration | None
) -> FunctionTool:
    from pydantic import ConfigDict, create_model

    name = name or function.__name__
    description = inspect.getdoc(function)
    if not description:
        raise ValueError(f"tool {name!r} needs a docstring: the model reads it")
    annotations = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters
    untyped = [each for each in parameters if each not in annotations]
    if untyped:
        raise TypeError(f"tool {name!r} needs a type for {', '.join(untyped)}")
    fields: dict[str, Any] = {
        each: (annotations[each], ... if given.default is inspect.Parameter.empty else given.default)
        for each, given in parameters.items()
        if each != KEY
    }
    arguments = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    return FunctionTool(name, description, arguments, function, approve=approve, expires=expires)
