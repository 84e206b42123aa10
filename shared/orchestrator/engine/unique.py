"""Unique tasks: at most one unfinished task of an owner, a type and a key.

The key is in a partial unique index, which the end of a task leaves by itself. A submit that finds its key taken
follows its rule:

- `return`: the answer is the task that is there.
- `reject`: the submit is refused with a conflict.
- `replace`: a task that has not started gets the new payload. One that has started is cancelled for a new task.
- `debounce(seconds, max)`: a task that has not started gets the new payload and is due `seconds` from now, `max`
  seconds after the first submit at the latest. One that has started goes on, and a new task follows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from orchestrator.engine import joins
from orchestrator.model.durations import Duration, seconds_of
from orchestrator.model.errors import Conflict, KeyReused
from orchestrator.model.task import Json, Task
from orchestrator.store import tasks
from orchestrator.store import unique as store
from orchestrator.store.connection import Connection
from orchestrator.store.tasks import NewTask, RunnableTask, StoredTask

Simple = Literal["return", "replace", "reject"]
#: Characters of a key; a longer one is stored as its hash.
LONGEST_KEY = 200
#: The message about an idempotency key whose task is gone.
REMOVED = "The task of this idempotency key has just been removed; please use a new key."
#: How often a submit reads its key again when the task that had it has just ended.
MOST_READS = 20


@dataclass(frozen=True, slots=True)
class Debounce:
    """A rule: wait until no submit has come for `seconds`, but no longer than `max` seconds after the first one."""

    seconds: float
    max: float | None = None


Rule = Simple | Debounce


def debounce(seconds: Duration, max: Duration | None = None) -> Debounce:
    """Return the rule. Raise ValueError for a duration that makes no sense."""
    rule = Debounce(seconds_of(seconds), None if max is None else seconds_of(max))
    if rule.seconds <= 0 or (rule.max is not None and rule.max < rule.seconds):
        raise ValueError("debounce needs a positive time, and a maximum that is not below it")
    return rule


@dataclass(frozen=True, slots=True)
class Unique:
    """The declaration of an agent: the key of a payload (None: this one is not unique), and the rule."""

    key: Callable[[Json], object]
    rule: Rule = "return"

    def of(self, payload: object) -> UniqueKey | None:
        """Return the key of a parsed payload with the rule."""
        key = self.key(payload)
        return None if key is None else UniqueKey(key_text(key), self.rule)


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """The key of one task, and the rule for a submit that finds it taken."""

    key: str
    rule: Rule = "return"

    def on(self, new: NewTask) -> NewTask:
        """Return the task with the key, and due as the rule says."""
        delay = self.rule.seconds if isinstance(self.rule, Debounce) else None
        return replace(new, unique_key=self.key, delay=delay)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a submit, and the actions after its commit."""

    task: Task
    created: bool
    #: Seconds until its message is to arrive; None: no message is needed.
    message_in: float | None = None
    cancelled: list[Task] = field(default_factory=list)
    runnable: list[RunnableTask] = field(default_factory=list)


def declared(unique: Unique | Callable[[Json], object] | None) -> Unique | None:
    """Return the declaration of an agent. Raise ValueError for a rule that does not exist."""
    made = unique if unique is None or isinstance(unique, Unique) else Unique(unique)
    if made is not None and not isinstance(made.rule, Debounce) and made.rule not in get_args(Simple):
        raise ValueError(f"unique: {made.rule!r} is no rule; use return, replace, reject or debounce(seconds, max)")
    return made


def key_text(key: object) -> str:
    """Return a key as it is stored: the parts of a tuple are joined, and a long text is replaced by its hash."""
    text = ":".join(str(part) for part in key) if isinstance(key, tuple | list) else str(key)
    if 1 <= len(text) <= LONGEST_KEY and text.isprintable():
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def accept(conn: Connection, new: NewTask, unique: UniqueKey | None) -> Accepted:
    """Insert a task, or answer with the task that its keys name. Raise KeyReused, or Conflict for the rule `reject`.

    The caller's transaction is READ COMMITTED, so each statement sees the commits of others.
    """
    with conn.transaction():
        for _ in range(MOST_READS):
            answer = _earlier(conn, new, unique) or (_taken(conn, new, unique) if unique else None)
            if answer is not None:
                return answer
            made = tasks.insert_tasks(conn, [new]).get(new.id)
            if made is not None:
                return created(made)
        raise Conflict("Other submits of this key were faster; please try again.")


def created(task: StoredTask) -> Accepted:
    """Return the answer to a submit that made a task."""
    return Accepted(task, created=True, message_in=task.due_in)


def earlier(conn: Connection, new: NewTask) -> Accepted:
    """Return the task of the same idempotency key or id. Raise KeyReused for another request."""
    found = _earlier(conn, new, None)
    if found is None:
        raise KeyReused(REMOVED)
    return found


def _earlier(conn: Connection, new: NewTask, unique: UniqueKey | None) -> Accepted | None:
    stored = tasks.find_submitted(conn, new.owner_id, new.id, new.idempotency_key)
    if stored is not None:
        return Accepted(_same(stored, stored.request_hash, new), created=False)
    joined = None
    if unique is not None and new.idempotency_key is not None:
        joined = store.find_joined(conn, new.owner_id, new.idempotency_key)
    if joined is None:
        return None
    task = tasks.get_task(conn, new.owner_id, joined.task_id) if joined.task_id else None
    return Accepted(_same(task, joined.joined_hash, new), created=False)


def _same(task: Task | None, request_hash: bytes | None, new: NewTask) -> Task:
    if task is None:
        raise KeyReused(REMOVED)
    if request_hash != new.request_hash:
        raise KeyReused("This idempotency key was used for another request.")
    return task


def _taken(conn: Connection, new: NewTask, unique: UniqueKey) -> Accepted | None:
    """Return the answer when another task has the key; None when the new task can take it."""
    holder = store.lock_holder(conn, new)
    if holder is None:
        return None
    match unique.rule:
        case "reject":
            raise Conflict(f"The task {holder.id} of the same key is unfinished.", code="not_unique")
        case "return":
            found = tasks.get_task(conn, new.owner_id, holder.id)
            return None if found is None else _joined(conn, new, Accepted(found, created=False))
        case "replace" | Debounce():
            longest = unique.rule.max if isinstance(unique.rule, Debounce) else None
            if not holder.started:
                renewed = store.renew_holder(conn, holder.id, new, longest)
                message_in = renewed.due_in if renewed.sooner else None
                return _joined(conn, new, Accepted(renewed, created=False, message_in=message_in))
            return _follow(conn, new, holder, unique.rule)


def _follow(conn: Connection, new: NewTask, holder: store.Holder, rule: Rule) -> Accepted | None:
    """Insert a task that takes the key from one that has started."""
    cancelled: list[Task] = []
    runnable: list[RunnableTask] = []
    if rule == "replace":
        cancelled, runnable = joins.cancel_tasks(conn, new.owner_id, [holder.id], "owner", "replaced")
    else:
        store.release_key(conn, holder.id)
    made = tasks.insert_tasks(conn, [new]).get(new.id)
    if made is None:
        raise Conflict("Another submit took the key; please try again.")
    return replace(created(made), cancelled=cancelled, runnable=runnable)


def _joined(conn: Connection, new: NewTask, accepted: Accepted) -> Accepted:
    if new.idempotency_key is not None:
        store.remember_key(conn, new, accepted.task.id)
    return accepted
