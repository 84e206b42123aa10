"""Everybody's tasks, for operators: searches that never read without end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from orchestrator.model.ids import first_id_at
from orchestrator.model.states import Status
from orchestrator.model.task import Task
from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "operator_search")

#: Rows one search looks at; what it has not found by then is on a later page.
SEARCH_WINDOW = 20_000
#: Before and after every id.
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search is for. `since` and `until` are of the submit, or of the end in a search in the order of that."""

    owner_id: str | None = None
    status: Status | None = None
    type: str | None = None
    trace: str | None = None
    fingerprint: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def is_rare(self) -> bool:
        """Whether many rows may have to be looked at to find a page of them."""
        return any((self.status, self.type, self.trace, self.fingerprint))


@dataclass(frozen=True, slots=True)
class Ended:
    """Where a task stands among those that are over."""

    at: datetime
    id: UUID


Place = TypeVar("Place", UUID, Ended)


@dataclass(frozen=True, slots=True)
class Found(Generic[Place]):
    """A page of a search, and before what the next one begins (None: nothing is left)."""

    tasks: list[Task]
    next_before: Place | None


def search(conn: Connection, wanted: Wanted, *, before: UUID | None, limit: int) -> Found[UUID]:
    """Tasks newest first. A page may hold fewer than `limit` although more follow."""
    given = {**asdict(wanted), **bounds(wanted, before)}
    window = SEARCH_WINDOW if wanted.is_rare() else limit
    edge = conn.execute(_SQL["search_boundary"], {**given, "window": window}).fetchone()
    boundary = edge["id"] if edge else None
    rows = conn.execute(_SQL["search_tasks"], {**given, "boundary": boundary, "limit": limit}).fetchall()
    if len(rows) == limit:
        return Found(_tasks(rows), rows[-1]["id"])
    return Found(_tasks(rows), _above(boundary) if boundary else None)


def search_live(conn: Connection, wanted: Wanted, state: str, *, before: UUID | None, limit: int) -> Found[UUID]:
    """Those in one of the states of live_tasks, newest first."""
    given = {**asdict(wanted), **bounds(wanted, before), "state": state, "limit": limit + 1}
    rows = conn.execute(_SQL["search_live"], given).fetchall()
    return Found(_tasks(rows[:limit]), rows[limit - 1]["id"] if len(rows) > limit else None)


def search_ended(conn: Connection, wanted: Wanted, *, before: Ended | None, limit: int) -> Found[Ended]:
    """Those that are over, the last to end first. A page may hold fewer than `limit` although more follow."""
    at, id = (before.at, before.id) if before else (wanted.until, _FIRST if wanted.until else _LAST)
    given = {**asdict(wanted), "before": at, "before_id": id}
    window = SEARCH_WINDOW if wanted.is_rare() or wanted.owner_id else limit
    edge = conn.execute(_SQL["ended_boundary"], {**given, "window": window}).fetchone()
    boundary = {"boundary": edge["finished_at"] if edge else None, "boundary_id": edge["id"] if edge else None}
    rows = conn.execute(_SQL["search_ended"], {**given, **boundary, "limit": limit}).fetchall()
    if len(rows) == limit:
        return Found(_tasks(rows), Ended(rows[-1]["finished_at"], rows[-1]["id"]))
    return Found(_tasks(rows), Ended(edge["finished_at"], _above(edge["id"])) if edge else None)


def bounds(wanted: Wanted, before: UUID | None = None) -> dict[str, UUID]:
    """The ids between which tasks were submitted since and until; before that id where one is given."""
    until = first_id_at(wanted.until) if wanted.until else _LAST
    return {"below": min(before or _LAST, until), "lowest": first_id_at(wanted.since) if wanted.since else _FIRST}


def _above(id: UUID) -> UUID:
    return UUID(int=id.int + 1)


def _tasks(rows: list[dict[str, Any]]) -> list[Task]:
    return [Task.from_row(row) for row in rows]
