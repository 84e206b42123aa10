"""The tasks of a bulk cancel: matched with its filter, locked, and matched again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.model.states import Status
from orchestrator.store.connection import Connection
from orchestrator.store.operator_search import Wanted, bounds
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import Values, fetch_all, fetch_column

_SQL = load_queries("orchestrator.store", "bulk_cancel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen(Wanted):
    """Unfinished tasks by their ids, or by the filter of the operators' list."""

    ids: Collection[UUID] | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingGroup:
    """Tasks of one type and status that a cancel would end; None: all of them. The example is the newest."""

    type: str | None
    status: Status | None
    tasks: int
    descendants: int
    owners: int
    oldest: datetime | None
    newest: datetime | None
    example_id: UUID | None
    example_owner: str | None
    example_type: str | None
    example_status: Status | None


def matching(conn: Connection, chosen: Chosen, limit: int) -> list[UUID]:
    """Return the oldest tasks that match. Given ids are returned as they are, without a read."""
    if chosen.ids is not None:
        return sorted(set(chosen.ids))
    return _ids(conn, "matching", {**_given(chosen), "limit": limit})


def lock_unfinished(conn: Connection, ids: Collection[UUID], limit: int) -> list[UUID]:
    """Lock the oldest of these that are unfinished and not locked by others, until the transaction ends."""
    return _ids(conn, "lock_unfinished", {"ids": list(ids), "limit": limit})


def still_matching(conn: Connection, chosen: Chosen, seen: Collection[UUID]) -> list[UUID]:
    """Return those of `seen` that match now. A locked one keeps matching until the transaction ends."""
    return _ids(conn, "still_matching", {**_given(chosen), "ids": list(seen)})


def would_end(conn: Connection, chosen: Chosen) -> list[EndingGroup]:
    """Return the groups of the tasks that a cancel would end, and one group of all."""
    return fetch_all(conn, EndingGroup, _SQL["would_end"], _given(chosen))


def _given(chosen: Chosen) -> Values:
    ids = list(chosen.ids) if chosen.ids is not None else None
    return {**chosen.values(), **bounds(chosen), "state": chosen.state, "ids": ids}


def _ids(conn: Connection, statement: str, values: Values) -> list[UUID]:
    return fetch_column(conn, UUID, _SQL[statement], values)
