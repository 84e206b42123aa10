"""Children of a running attempt: spawned ones, and the joins of `gather`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from orchestrator.engine.agents import Agents
from orchestrator.engine.unique import UniqueKey
from orchestrator.model.durations import Duration, seconds_of
from orchestrator.model.errors import CallsChanged
from orchestrator.model.ids import new_task_id
from orchestrator.model.json_encoding import encode_bounded, encode_json
from orchestrator.model.outcome import Join
from orchestrator.model.sizes import LARGEST_PAYLOAD
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.observability import tracing
from orchestrator.store import children, steps
from orchestrator.store.attempts import Attempt
from orchestrator.store.children import NewChild
from orchestrator.store.connection import Database
from orchestrator.store.tasks import NewTask

#: Children of one `gather`.
MOST_CALLS = 1_000


@dataclass(frozen=True, slots=True)
class Call:
    """A child to run with `Context.gather`."""

    type: str
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a join; `status` may still be pending when the join did not wait for it."""

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
    """The children in the order of their calls, and whether the deadline ended the wait."""

    children: list[Child]
    timed_out: bool

    @property
    def results(self) -> list[Json]:
        """Return the results of the completed children."""
        return [child.result for child in self.children if child.completed]


class Children:
    """The children that one attempt has added, and the join that it waits for."""

    def __init__(self, attempt: Attempt, agents: Agents, side: Database) -> None:
        self._attempt = attempt
        self._agents = agents
        self._side = side
        self._keys: set[str] = set()
        self.added: list[NewChild] = []
        #: Unique tasks to submit with the commit. They have no parent: several tasks may have asked for one.
        self.unique: list[tuple[NewTask, UniqueKey]] = []
        #: The join that the attempt waits for, and the digests of its calls when it begins here.
        self.join: Join | None = None
        self.calls: list[str] | None = None

    def spawn(
        self, type: str, payload: Mapping[str, Json], owner: str, key: str | None = None, gather: str | None = None
    ) -> UUID:
        """Add a child. Raise ValueError when another child has its key, and for a unique one in a join."""
        key = key or f"spawn:{len(self.added) + len(self.unique)}"
        if key in self._keys:
            raise ValueError(f"the key {key!r} names another child of this task already")
        self._keys.add(key)
        agent = self._agents.get(type)
        model = agent.parse(dict(payload), agent.version)
        new = NewTask(
            id=new_task_id(),
            owner_id=owner,
            type=type,
            payload=encode_bounded(model.model_dump(mode="json", by_alias=True), LARGEST_PAYLOAD, "a child's payload"),
            payload_version=agent.version,
            max_attempts=agent.max_attempts,
            deadline=agent.deadline,
            limited=agent.is_limited,
            traceparent=tracing.current() or self._attempt.traceparent,
        )
        unique = agent.unique.of(model) if agent.unique is not None else None
        if unique is None:
            self.added.append(_child(new, self._attempt.id, key, gather))
        elif gather is not None:
            raise ValueError(f"gather cannot wait for {type}: a unique task may belong to another task")
        else:
            # Nobody is there to be refused: the task that has the key is the answer.
            rule = "return" if unique.rule == "reject" else unique.rule
            self.unique.append((unique.on(new), UniqueKey(unique.key, rule)))
        return new.id

    def gather(self, name: str, calls: Sequence[Call], needed: int, deadline: float | None) -> Gathered | Join:
        """Return the children of a join that is over, or the join to wait for. Raise CallsChanged."""
        digests = [_digest(call) for call in calls]
        waited = self._side.run(steps.waited, self._attempt.id, name)
        if waited is None:
            for index, call in enumerate(calls):
                self.spawn(call.type, call.payload, self._attempt.owner_id, _key(name, index), name)
            self.join, self.calls = Join(name, needed, deadline), digests
            return self.join
        self._keys.update(_key(name, index) for index in range(len(calls)))
        if waited.calls is not None and waited.calls != digests:
            raise CallsChanged(_changed(name, waited.calls, digests))
        rows = self._side.run(children.children, self._attempt.id, name)
        found = [Child(each.id, each.type, each.status, each.result, each.error) for each in rows]
        done = sum(child.status not in (Status.PENDING, Status.PROCESSING) for child in found)
        if done >= min(needed, len(found)) or waited.over:
            return Gathered(found, timed_out=done < needed)
        self.join = Join(name, needed, waited.seconds_left)
        return self.join


def _child(new: NewTask, parent: UUID, key: str, gather: str | None) -> NewChild:
    return NewChild(
        id=new.id,
        owner_id=new.owner_id,
        type=new.type,
        payload=new.payload,
        payload_version=new.payload_version,
        max_attempts=new.max_attempts,
        deadline=new.deadline,
        limited=new.limited,
        parent_id=parent,
        key=key,
        gather=gather,
        traceparent=new.traceparent,
    )


def needed_of(quorum: int | None, calls: int) -> int:
    if calls > MOST_CALLS:
        raise ValueError(f"gather runs {MOST_CALLS} children at most, not {calls}")
    if quorum is None:
        return calls
    if isinstance(quorum, bool) or not isinstance(quorum, int) or quorum < 1:
        raise ValueError(f"quorum must be a whole number of at least 1, not {quorum!r}")
    return min(quorum, calls)


def deadline_of(deadline: Duration | None) -> float | None:
    return None if deadline is None else seconds_of(deadline)


def _key(name: str, index: int) -> str:
    """Return the key of a join's child; the keys sort in the order of the calls."""
    return f"{name}:{index:04}"


def _digest(call: Call) -> str:
    """Return the identity of a call: its type and its payload as the handler gave it."""
    text = encode_json([call.type, dict(call.payload)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _changed(name: str, first: Sequence[str], now: Sequence[str]) -> str:
    if len(first) != len(now):
        difference = f"{len(now)} calls, the first run made {len(first)}"
    else:
        at = next(index for index, (one, two) in enumerate(zip(first, now, strict=True)) if one != two)
        difference = f"another type or payload for call {at}"
    return f"gather {name!r}: this run makes {difference}. Take the values that the calls depend on from a step."
