"""Agents: the definition of each task type, and how the engine finds it.

An agent is one file in an agents package, named after its type (`mail.sendLate` lives in `mail_send_late.py`),
with one handler under `@agent(…)`. It is found by being there and imported when its type is first needed.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from orchestrator.engine.handler_functions import is_async_handler
from orchestrator.engine.limits.declared import Concurrent, Limit, Rate, declared_limits
from orchestrator.engine.recurrence import Recurrence, declared_recurrence
from orchestrator.engine.unique import Unique, declared
from orchestrator.model.durations import LONGEST, Duration, seconds_of
from orchestrator.model.errors import InvalidInput, OrchestratorError
from orchestrator.model.task import LANES, Json, Lane
from orchestrator.model.validation import validation_faults

if TYPE_CHECKING:
    from pydantic import BaseModel

    from orchestrator.store.schedules import Overlap

    Model: TypeAlias = type[BaseModel]

Handler = TypeVar("Handler", bound=Callable[..., Any])
Upcaster = Callable[[dict[str, Json]], dict[str, Json]]

#: Seconds of each lane's worker function's timeout in template.yaml; a test compares them.
WORKER_TIMEOUTS: dict[Lane, float] = {"quick": 60.0, "long": 900.0}
#: Seconds of an invocation in which the worker claims, commits and answers.
OVERHEAD = 4.0
#: Seconds that one attempt may take at most in each lane.
LONGEST_TIMEOUTS: dict[Lane, float] = {lane: seconds - OVERHEAD for lane, seconds in WORKER_TIMEOUTS.items()}
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
    handler: Callable[[Any, Any], Any]
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
    #: The queue and worker function that run it.
    lane: Lane = "quick"
    #: Whether the handler is an `async def` function.
    is_async: bool = False
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
    lane: Lane | None = None,
) -> Callable[[Handler], Handler]:
    """Mark a function as the handler of a task type: `def handler(ctx: Context, payload: Model) -> result`.

    An `async def` handler gets an `AsyncContext` and runs in the lane `long`; other handlers are `quick` by default.

    Raise ValueError or TypeError when the declaration could not work: at build and at deploy, not in production.
    """
    if not _TYPE.fullmatch(type):
        raise ValueError(f"{type!r} is not a task type: camelCase names joined by dots")
    bounds, once = declared_limits(type, limits), declared(unique)
    if for_good and once is not None and once.rule == "replace":
        raise ValueError(f"{type}: a submit cannot replace a task that cannot be cancelled; use another rule")
    rhythm = None if every is None else declared_recurrence(type, every, time_zone, payload)
    steps = dict(upcasters or {})
    if set(steps) != set(range(1, version)):
        raise ValueError(f"{type} version {version} needs an upcaster from each version before it")

    def mark(handler: Handler) -> Handler:
        is_async = is_async_handler(type, handler)
        if is_async and lane == "quick":
            raise ValueError(
                f'{type}: an async def handler cannot run in the lane quick; leave lane out, or write lane="long"'
            )
        chosen: Lane = lane or ("long" if is_async else "quick")
        _check_bounds(type, chosen, timeout, max_attempts, limit_per_owner)
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
            lane=chosen,
            is_async=is_async,
        )
        setattr(handler, _MARK, made)
        return handler

    return mark


def _check_bounds(type: str, lane: Lane, timeout: float, max_attempts: int, limit_per_owner: int | None) -> None:
    if lane not in LANES:
        raise ValueError(f"{type}: lane={lane!r} is unknown; write one of {', '.join(LANES)}")
    longest = LONGEST_TIMEOUTS[lane]
    if not 0 < timeout <= longest:
        more = 'Write lane="long" for up to 896 s' if lane == "quick" else "Split the work into several tasks"
        raise ValueError(
            f"{type}: timeout={timeout:g} cannot run; the worker function of the lane {lane} has"
            f" {WORKER_TIMEOUTS[lane]:g} s, so an attempt may take up to {longest:g} s. {more}"
        )
    if not 1 <= max_attempts <= MOST_ATTEMPTS:
        raise ValueError(f"{type}: max_attempts={max_attempts} must be from 1 to {MOST_ATTEMPTS}")
    if limit_per_owner is not None and limit_per_owner < 1:
        raise ValueError(f"{type}: limit_per_owner={limit_per_owner} would never run; set 1 or more, or None")


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

    def lane_of(self, type: str) -> Lane:
        """Return the lane of a type; a type that this code does not know is `quick`."""
        try:
            return self.get(type).lane
        except UnknownType:
            return "quick"

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

    def check_timeouts(self, invocation: float) -> None:
        """Raise ValueError when a long agent could not run in `invocation` seconds; 0: unknown."""
        longest = invocation - OVERHEAD
        late = [each.type for each in self.all() if each.lane == "long" and each.timeout > longest]
        if late and invocation:
            raise ValueError(f"LongTimeout={invocation:g} is too short: lower the timeout of {', '.join(late)}")

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
