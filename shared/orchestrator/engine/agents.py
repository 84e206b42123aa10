"""Agents: the definition of each task type, and how the engine finds it.

An agent is one file in an agents package, named after its type (`mail.sendLate` lives in `mail_send_late.py`),
with one handler under `@agent(…)`. It is found by being there and imported when its type is first needed.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from orchestrator.engine.limits.declared import Concurrent, Limit, Rate, declared_limits
from orchestrator.engine.recurrence import Recurrence, recurrence_of
from orchestrator.engine.unique import Unique, declared
from orchestrator.model.durations import LONGEST, Duration, seconds_of
from orchestrator.model.errors import InvalidInput, OrchestratorError
from orchestrator.model.task import Json
from orchestrator.model.validation import validation_faults

if TYPE_CHECKING:
    from pydantic import BaseModel

    from orchestrator.engine.context import Context
    from orchestrator.store.schedules import Overlap

    Model: TypeAlias = type[BaseModel]

Handler = TypeVar("Handler", bound=Callable[..., Any])
Upcaster = Callable[[dict[str, Json]], dict[str, Json]]

#: Seconds of the worker function's timeout in template.yaml; a test compares them.
WORKER_TIMEOUT = 60.0
#: Seconds that one attempt may take at most: the worker also claims, commits and answers.
LONGEST_TIMEOUT = WORKER_TIMEOUT - 4.0
#: Attempts that a task may have at most.
MOST_ATTEMPTS = 20

#: The attribute of a handler in which the decorator stores the agent.
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
    #: Seconds of a task's whole life from when it is first due: retries and waits included. After it the task fails.
    deadline: float = LONGEST
    #: Flags it reads; their values are kept from the first attempt.
    flags: tuple[str, ...] = ()
    #: Flags that stay off until someone turns them on.
    opt_in: tuple[str, ...] = ()
    #: How many of one owner's may run at once; None: any number.
    limit_per_owner: int | None = None
    #: How many attempts run at once or start in a time, of all workers together, by key.
    limits: tuple[Limit, ...] = ()
    #: The key of which one unfinished task of an owner exists; None: any number.
    unique: Unique | None = None
    #: When the system runs it by itself, with an empty payload; None: only when it is submitted.
    every: Recurrence | None = None
    #: Whether a run by itself starts while the last one is unfinished.
    overlap: Overlap = "allow"
    #: Whether its neighbours that finished before it are committed first, because it revokes their notifications.
    after_neighbours: bool = False
    #: Whether its owner cannot cancel it once it is asked for.
    for_good: bool = False

    @property
    def is_limited(self) -> bool:
        """Whether a worker claims its tasks one by one, under a limit."""
        return self.limit_per_owner is not None or bool(self.limits)

    def parse(self, payload: Json, version: int) -> BaseModel:
        """Return the payload as its model, brought up from the version it was written in.

        Raise InvalidInput with every fault, and NewerPayload when this code is older than the payload.
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
        """Return a handler's result as JSON, checked by the agent's result model, without values at their default."""
        from pydantic import BaseModel

        if self.result is not None and not isinstance(result, self.result):
            result = self.result.model_validate(result)
        if isinstance(result, BaseModel):
            return result.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return result if result is not None else {}


def agent(  # noqa: PLR0913 (a declaration: each argument has a name)
    type: str,
    *,
    payload: Model,
    result: Model | None = None,
    open_to_users: bool = False,
    version: int = 1,
    upcasters: Mapping[int, Upcaster] | None = None,
    timeout: float = 30.0,
    max_attempts: int = 3,
    deadline: Duration = LONGEST,
    flags: tuple[str, ...] = (),
    opt_in: tuple[str, ...] = (),
    limit_per_owner: int | None = None,
    limits: Sequence[Concurrent | Rate] = (),
    unique: Unique | Callable[[Any], object] | None = None,
    every: Duration | None = None,
    time_zone: str = "UTC",
    overlap: Overlap = "allow",
    after_neighbours: bool = False,
    for_good: bool = False,
) -> Callable[[Handler], Handler]:
    """Mark a function as the handler of a task type: `def handler(ctx: Context, payload: Model) -> result`.

    Raise ValueError or TypeError when the declaration could not work: at build and at deploy, not in production.
    """
    if not _TYPE.fullmatch(type):
        raise ValueError(f"{type!r} is not a task type: camelCase names joined by dots")
    _check_bounds(type, timeout, max_attempts, limit_per_owner)
    bounds, once = declared_limits(type, limits), declared(unique)
    if for_good and once is not None and once.rule == "replace":
        raise ValueError(f"{type}: a submit cannot replace a task that cannot be cancelled; use another rule")
    rhythm = None if every is None else _check_rhythm(type, every, time_zone, payload)
    steps = dict(upcasters or {})
    if set(steps) != set(range(1, version)):
        raise ValueError(f"{type} version {version} needs an upcaster from each version before it")

    def mark(handler: Handler) -> Handler:
        _check_handler(type, handler)
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
            deadline=seconds_of(deadline),
            flags=flags,
            opt_in=opt_in,
            limit_per_owner=limit_per_owner,
            limits=bounds,
            unique=once,
            every=rhythm,
            overlap=overlap,
            after_neighbours=after_neighbours,
            for_good=for_good,
        )
        setattr(handler, _MARK, made)
        return handler

    return mark


def _check_rhythm(type: str, every: Duration, time_zone: str, payload: Model) -> Recurrence:
    """Return when the system runs the agent. Raise ValueError for a rhythm or a payload that could not work."""
    try:
        payload.model_validate({})
    except ValueError as error:
        raise ValueError(f"{type}: every={every!r} runs it with an empty payload, which its model refuses") from error
    try:
        return recurrence_of(every, time_zone)
    except ValueError as error:
        raise ValueError(f"{type}: every={every!r}, time_zone={time_zone!r}: {error}") from error


def _check_bounds(type: str, timeout: float, max_attempts: int, limit_per_owner: int | None) -> None:
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise ValueError(
            f"{type}: timeout={timeout:g} cannot run; the worker function has {WORKER_TIMEOUT:g} s, so an attempt may"
            f" take up to {LONGEST_TIMEOUT:g} s. Split the work into steps of several tasks"
        )
    if not 1 <= max_attempts <= MOST_ATTEMPTS:
        raise ValueError(f"{type}: max_attempts={max_attempts} must be from 1 to {MOST_ATTEMPTS}")
    if limit_per_owner is not None and limit_per_owner < 1:
        raise ValueError(f"{type}: limit_per_owner={limit_per_owner} would never run; set 1 or more, or None")


def _check_handler(type: str, handler: Callable[..., Any]) -> None:
    """Raise TypeError for a function whose call would only make a coroutine or a generator."""
    functions = (handler, inspect.unwrap(handler), vars(handler.__class__).get("__call__"))
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    if any(kind(each) for kind in kinds for each in functions):
        raise TypeError(
            f"{type}: the handler is an async def or a generator, which the worker would never run;"
            " write a plain function, and call asyncio.run(…) in it where needed"
        )


class Agents:
    """The agents of some packages, each imported when first asked for."""

    def __init__(self, *packages: str) -> None:
        self._packages = packages
        self._known: dict[str, Agent] = {}

    def get(self, type: str) -> Agent:
        """Return the agent of a type. Raise UnknownType."""
        if type not in self._known:
            self._known[type] = self._load(type)
        return self._known[type]

    def types(self) -> list[str]:
        """Return every type; import all agents."""
        for package in self._packages:
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
                for found in _agents_in(f"{package}.{module.name}"):
                    self._known[found.type] = found
        return sorted(self._known)

    def all(self) -> list[Agent]:
        """Return every agent, in the order of the types."""
        return [self._known[type] for type in self.types()]

    def open_types(self) -> list[str]:
        """Return the types users may submit themselves."""
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
