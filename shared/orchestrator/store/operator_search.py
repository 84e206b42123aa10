"""Operators' searches among the tasks of every owner; each reads a bounded number of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from orchestrator.model.ids import first_id_at
from orchestrator.model.states import Status
from orchestrator.model.task import ListedTask
from orchestrator.store.connection import Connection
from orchestrator.store.owners import ANY_OWNER, Owner, owner_filter
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import Values, fetch_all, fetch_one, fetch_value

_SQL = load_queries("orchestrator.store", "operator_search")

#: Rows that one search reads; later matches are on a later page.
SEARCH_WINDOW = 20_000
#: Before and after every id.
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filter of a search. `since` and `until` bound the submit, or the end in a search in that order."""

    owner: Owner = ANY_OWNER
    status: Status | None = None
    type: str | None = None
    trace: str | None = None
    fingerprint: str | None = None
    #: Last hexadecimal digits of the id, without hyphens.
    id_ends: str | None = None
    #: A part of the error's text, in any case.
    error_text: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def is_rare(self) -> bool:
        """Return whether a page of matches may need many rows to be read."""
        return any((self.status, self.type, self.trace, self.fingerprint, self.id_ends, self.error_text))

    def values(self) -> Values:
        """Return the parameters of the part task_filter."""
        return {
            **owner_filter(self.owner),
            "status": self.status,
            "type": self.type,
            "trace": self.trace,
            "fingerprint": self.fingerprint,
            "id_ends": self.id_ends,
            "error_text": self.error_text,
        }


@dataclass(frozen=True, slots=True)
class Ended:
    """The position of a task in the order of the end."""

    finished_at: datetime
    id: UUID


PageKey = TypeVar("PageKey", UUID, Ended)


@dataclass(frozen=True, slots=True)
class Found(Generic[PageKey]):
    """A page of a search, and the position where the next one begins (None: there is none)."""

    tasks: list[ListedTask]
    next_before: PageKey | None
    position: Callable[[ListedTask], PageKey]

    def next_after(self, shown: int) -> PageKey | None:
        """Return the position of the next page when only the first `shown` tasks are sent."""
        return self.next_before if shown == len(self.tasks) else self.position(self.tasks[shown - 1])


def search_tasks(conn: Connection, wanted: Wanted, *, before: UUID | None, limit: int) -> Found[UUID]:
    """Return tasks, newest first. A page may have fewer than `limit` although more follow."""
    given = {**wanted.values(), **bounds(wanted, before)}
    window = SEARCH_WINDOW if wanted.is_rare() else limit
    boundary = fetch_value(conn, UUID, _SQL["search_boundary"], {**given, "window": window})
    tasks = fetch_all(conn, ListedTask, _SQL["search_tasks"], {**given, "boundary": boundary, "limit": limit})
    if len(tasks) == limit:
        return Found(tasks, tasks[-1].id, _id)
    return Found(tasks, _above(boundary) if boundary else None, _id)


def search_live(conn: Connection, wanted: Wanted, state: str, *, before: UUID | None, limit: int) -> Found[UUID]:
    """Return the tasks in one state of live_tasks, newest first."""
    given = {**wanted.values(), **bounds(wanted, before), "state": state, "limit": limit + 1}
    tasks = fetch_all(conn, ListedTask, _SQL["search_live"], given)
    return Found(tasks[:limit], tasks[limit - 1].id if len(tasks) > limit else None, _id)


def search_ended(conn: Connection, wanted: Wanted, *, before: Ended | None, limit: int) -> Found[Ended]:
    """Return tasks that are over, the last to end first. A page may have fewer than `limit` although more follow."""
    at, id = (before.finished_at, before.id) if before else (wanted.until, _FIRST if wanted.until else _LAST)
    given = {**wanted.values(), "since": wanted.since, "before": at, "before_id": id}
    window = SEARCH_WINDOW if wanted.is_rare() or wanted.owner is not ANY_OWNER else limit
    edge = fetch_one(conn, Ended, _SQL["ended_boundary"], {**given, "window": window})
    boundary = {"boundary": edge.finished_at if edge else None, "boundary_id": edge.id if edge else None}
    tasks = fetch_all(conn, ListedTask, _SQL["search_ended"], {**given, **boundary, "limit": limit})
    if len(tasks) == limit:
        return Found(tasks, _end(tasks[-1]), _end)
    return Found(tasks, Ended(edge.finished_at, _above(edge.id)) if edge else None, _end)


def bounds(wanted: Wanted, before: UUID | None = None) -> dict[str, UUID]:
    """Return the ids between which the tasks of `since` to `until` are, and below `before` when it is given."""
    until = first_id_at(wanted.until) if wanted.until else _LAST
    return {"below": min(before or _LAST, until), "lowest": first_id_at(wanted.since) if wanted.since else _FIRST}


def _id(task: ListedTask) -> UUID:
    return task.id


def _end(task: ListedTask) -> Ended:
    assert task.finished_at is not None  # noqa: S101 (the search finds only tasks that are over)
    return Ended(task.finished_at, task.id)


def _above(id: UUID) -> UUID:
    return UUID(int=id.int + 1)
