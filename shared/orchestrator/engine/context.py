"""What a handler is given: its identity, its transaction, and the durable things it can do."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast
from uuid import UUID

from orchestrator.engine.agents import Agent, Agents
from orchestrator.engine.execution.transaction import BatchTransaction
from orchestrator.model.errors import Cancelled, LeaseLost, Suspended
from orchestrator.model.ids import new_task_id
from orchestrator.model.json_encoding import encode_json
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.observability import logger, tracing
from orchestrator.store import children, steps
from orchestrator.store.attempts import Attempt
from orchestrator.store.children import NewChild
from orchestrator.store.connection import Connection, Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A child to run for `Context.gather`."""

    type: str
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Child:
    """What became of a child; `status` may still be pending when the join did not wait for it."""

    id: UUID
    type: str
    status: Status
    result: Json
    error: Json

    @property
    def completed(self) -> bool:
        return self.status is Status.COMPLETED


@dataclass(frozen=True, slots=True)
class Gathered:
    """The children in the order they were asked for, and whether the deadline ended the wait."""

    children: list[Child]
    timed_out: bool

    @property
    def results(self) -> list[Json]:
        """The results of those that completed."""
        return [child.result for child in self.children if child.completed]


@dataclass(frozen=True, slots=True)
class Wait:
    """A join a handler asked for; `deadline` in seconds."""

    name: str
    needed: int
    deadline: float | None
    first: bool


class Context:
    """One attempt's view of its task. A handler may run again from the top at any time until its outcome commits."""

    def __init__(
        self,
        attempt: Attempt,
        agent: Agent,
        *,
        agents: Agents,
        flags: Mapping[str, bool],
        transaction: BatchTransaction,
        side: Database,
        remaining: Callable[[], float],
        announce: Callable[[str], None],
    ) -> None:
        self.task_id = attempt.id
        self.owner = attempt.owner_id
        self.type = attempt.type
        self.attempt = attempt.attempts
        self.flags = flags
        self.children: list[NewChild] = []
        self.wait: Wait | None = None
        self._token = attempt.token
        self._record = attempt
        self._agents = agents
        self._transaction = transaction
        self._side = side
        self._announce = announce
        self._remaining = remaining
        self._ends = time.monotonic() + agent.timeout

    @property
    def db(self) -> Connection:
        """The task's transaction: what is written here commits with the result or not at all."""
        return self._transaction.use(self._record)

    @cached_property
    def log(self) -> logging.LoggerAdapter[Any]:
        """A logger that names the task. Never log a payload."""
        return logging.LoggerAdapter(cast("logging.Logger", logger), self._record.log_context())

    def remaining(self) -> float:
        """Seconds this attempt may still take."""
        return max(0.0, min(self._remaining(), self._ends - time.monotonic()))

    def cancelled(self) -> bool:
        """Whether the task was taken from this attempt; a long handler asks now and then."""
        _, ours = self._side.run(steps.attempt_state, self.task_id, self._token)
        return not ours

    def step(self, name: str, fn: Callable[[str], T]) -> T:
        """Runs `fn(idempotency_key)` unless an earlier attempt recorded its result, and records it at once.

        For effects outside the database. The key `task:step` stays the same over all attempts: hand it to the tool.
        The result must be JSON. Raises LeaseLost or Cancelled when the task is not ours any more.
        """
        if name in self._recorded:
            return cast("T", self._recorded[name])
        started = time.monotonic()
        with tracing.span(f"step {name}"):
            result = fn(f"{self.task_id}:{name}")
        took_ms = round((time.monotonic() - started) * 1000)
        watched = self._side.run(steps.record, self.task_id, self._token, name, result, took_ms)
        if watched is None:
            return cast("T", self._recorded_elsewhere(name))
        self._recorded[name] = result
        if watched:
            self._announce(self.owner)
        return result

    def progress(self, message: str, *, percent: int | None = None, data: Mapping[str, Json] | None = None) -> None:
        """Shows the owner what is going on, at once. Raises LeaseLost or Cancelled when the task is lost."""
        note: dict[str, Json] = {"message": message}
        if percent is not None:
            note["percent"] = max(0, min(100, percent))
        if data is not None:
            note["data"] = dict(data)
        watched = self._side.run(steps.note_progress, self.task_id, self._token, note)
        if watched is None:
            self._raise_lost()
        elif watched:
            self._announce(self.owner)

    def spawn(
        self,
        type: str,
        payload: Mapping[str, Json],
        *,
        owner: str | None = None,
        key: str | None = None,
    ) -> UUID:
        """A child task that exists exactly if this attempt commits; `owner`: for another, by the agent's own rules."""
        return self._spawn(type, payload, owner or self.owner, key or f"spawn:{len(self.children)}", None).id

    def gather(
        self, name: str, calls: Sequence[Call], *, quorum: int | None = None, deadline: float | None = None
    ) -> Gathered:
        """Runs children and waits for `quorum` of them (default: all) or `deadline` seconds, holding no worker.

        The first time, the attempt ends here and database effects before it are undone; when the wait is over the
        handler runs again from the top and gets what there is. Children that are late keep running.
        """
        needed = min(quorum or len(calls), len(calls))
        if needed == 0:
            return Gathered([], timed_out=False)
        rows = self._side.run(children.children, self.task_id, name)
        if not rows:
            for index, call in enumerate(calls):
                self._spawn(call.type, call.payload, self.owner, f"{name}:{index:04}", name)
            self.wait = Wait(name, needed, deadline, first=True)
            raise Suspended(name)
        found = [Child(each.id, each.type, each.status, each.result, each.error) for each in rows]
        done = sum(child.status not in (Status.PENDING, Status.PROCESSING) for child in found)
        over, seconds_left = self._side.run(steps.wait_over, self.task_id, name)
        if done >= needed or over:
            return Gathered(found, timed_out=done < needed)
        self.wait = Wait(name, needed, seconds_left, first=False)
        raise Suspended(name)

    def _spawn(self, type: str, payload: Mapping[str, Json], owner: str, key: str, gather: str | None) -> NewChild:
        agent = self._agents.get(type)
        model = agent.parse(dict(payload), agent.version)
        child = NewChild(
            id=new_task_id(),
            owner_id=owner,
            type=type,
            payload=encode_json(model.model_dump(mode="json", by_alias=True)),
            payload_version=agent.version,
            max_attempts=agent.max_attempts,
            limited=agent.limit_per_owner is not None,
            parent_id=self.task_id,
            key=key,
            gather=gather,
            traceparent=tracing.current() or self._record.traceparent,
        )
        self.children.append(child)
        return child

    @cached_property
    def _recorded(self) -> dict[str, Json]:
        return self._side.run(steps.recorded, self.task_id)

    def _recorded_elsewhere(self, name: str) -> Json:
        """A step that could not be recorded: ours already (an answer got lost), or the task is not ours."""
        _, ours = self._side.run(steps.attempt_state, self.task_id, self._token)
        if not ours:
            self._raise_lost()
        return self._side.run(steps.recorded, self.task_id)[name]

    def _raise_lost(self) -> None:
        status, _ = self._side.run(steps.attempt_state, self.task_id, self._token)
        raise (Cancelled("cancelled") if status is Status.CANCELLED else LeaseLost("another attempt owns the task"))
