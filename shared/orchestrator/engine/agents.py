"""Agents: what a task type is made of, and how they are found.

An agent is one file in an agents package, named after its type (`mail.sendLate` lives in `mail_send_late.py`),
with one handler under `@agent(…)`. It is found by being there and imported when its type is first needed.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from orchestrator.model.errors import InvalidInput, OrchestratorError
from orchestrator.model.task import Json
from orchestrator.model.validation import validation_faults

if TYPE_CHECKING:
    from pydantic import BaseModel

    from orchestrator.engine.context import Context

    Model: TypeAlias = type[BaseModel]

Handler = TypeVar("Handler", bound=Callable[..., Any])
Upcaster = Callable[[dict[str, Json]], dict[str, Json]]

#: Where the decorator leaves the agent on its handler.
_MARK = "__agent__"
_TYPE = re.compile(r"[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*")


class UnknownType(OrchestratorError, LookupError):
    """No agent of that type here: a mistake of the caller, or a newer deployment's task."""


class NewerPayload(OrchestratorError):
    """The payload was written by newer code than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A task type: its handler, the shape of its payload and the bounds it runs in."""

    type: str
    handler: Callable[[Context, Any], Any]
    payload: Model
    result: Model | None = None
    #: Whether users may submit it themselves.
    open_to_users: bool = False
    #: Of the payload; raise it with an upcaster from the version before.
    version: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    #: Seconds one attempt may take.
    timeout: float = 30.0
    max_attempts: int = 3
    #: Flags it reads; their values are kept from the first attempt.
    flags: tuple[str, ...] = ()
    #: Flags that stay off until someone turns them on.
    opt_in: tuple[str, ...] = ()
    #: How many of one owner's may run at once; None: any number.
    limit_per_owner: int | None = None
    #: Whether what finished before it in its batch is committed first, since it takes back what others were told.
    after_neighbours: bool = False
    #: Whether its owner cannot cancel it once it is asked for.
    for_good: bool = False

    def parse(self, payload: Json, version: int) -> BaseModel:
        """The payload as its model, brought up from the version it was written in.

        Raises InvalidInput with every fault, and NewerPayload when this code is older than the payload.
        """
        from pydantic import ValidationError

        if version > self.version:
            raise NewerPayload(f"{self.type} payload version {version}, this code knows {self.version}")
        for step in range(version, self.version):
            payload = self.upcasters[step](payload)
        try:
            return self.payload.model_validate(payload)
        except ValidationError as error:
            raise InvalidInput("The payload has faults.", validation_faults(error, "payload")) from error

    def dump(self, result: Any) -> Json:
        """A handler's result as JSON, checked against the agent's result model; what is at its default is left out."""
        from pydantic import BaseModel

        if self.result is not None and not isinstance(result, self.result):
            result = self.result.model_validate(result)
        if isinstance(result, BaseModel):
            return result.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return result if result is not None else {}


def agent(  # noqa: PLR0913 (a declaration: each names what it is)
    type: str,
    *,
    payload: Model,
    result: Model | None = None,
    open_to_users: bool = False,
    version: int = 1,
    upcasters: Mapping[int, Upcaster] | None = None,
    timeout: float = 30.0,
    max_attempts: int = 3,
    flags: tuple[str, ...] = (),
    opt_in: tuple[str, ...] = (),
    limit_per_owner: int | None = None,
    after_neighbours: bool = False,
    for_good: bool = False,
) -> Callable[[Handler], Handler]:
    """Marks a function as the handler of a task type: `def handler(ctx: Context, payload: Model) -> result`."""
    if not _TYPE.fullmatch(type):
        raise ValueError(f"{type!r} is not a task type: camelCase words joined by dots")
    steps = dict(upcasters or {})
    if set(steps) != set(range(1, version)):
        raise ValueError(f"{type} version {version} needs an upcaster from each version before it")

    def mark(handler: Handler) -> Handler:
        made = Agent(
            type=type,
            handler=handler,
            payload=payload,
            result=result,
            open_to_users=open_to_users,
            version=version,
            upcasters=steps,
            timeout=timeout,
            max_attempts=max_attempts,
            flags=flags,
            opt_in=opt_in,
            limit_per_owner=limit_per_owner,
            after_neighbours=after_neighbours,
            for_good=for_good,
        )
        setattr(handler, _MARK, made)
        return handler

    return mark


class Agents:
    """The agents of some packages, each imported when first asked for."""

    def __init__(self, *packages: str) -> None:
        self._packages = packages
        self._known: dict[str, Agent] = {}

    def get(self, type: str) -> Agent:
        """The agent of a type. Raises UnknownType."""
        if type not in self._known:
            self._known[type] = self._load(type)
        return self._known[type]

    def types(self) -> list[str]:
        """Every type there is; imports them all."""
        for package in self._packages:
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
                for found in _agents_in(f"{package}.{module.name}"):
                    self._known[found.type] = found
        return sorted(self._known)

    def open_types(self) -> list[str]:
        """The types users may submit themselves."""
        return [name for name in self.types() if self._known[name].open_to_users]

    def _load(self, type: str) -> Agent:
        if _TYPE.fullmatch(type):
            stem = re.sub(r"(?<!^)(?=[A-Z])", "_", type).replace(".", "_").lower()
            for package in self._packages:
                name = f"{package}.{stem}"
                if importlib.util.find_spec(name) is not None:
                    for found in _agents_in(name):
                        if found.type == type:
                            return found
        raise UnknownType(type)


def _agents_in(module: str) -> list[Agent]:
    members = vars(importlib.import_module(module)).values()
    return [
        member.__dict__[_MARK]
        for member in members
        if _MARK in getattr(member, "__dict__", {}) and member.__module__ == module
    ]
