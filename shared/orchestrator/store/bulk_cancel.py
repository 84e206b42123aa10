"""Many unfinished tasks that an operator chose at once: looked at, locked, and looked at again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from orchestrator.store.connection import Connection, load_queries
from orchestrator.store.operator_search import Wanted, bounds

_SQL = load_queries("orchestrator.store", "bulk_cancel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen(Wanted):
    """Unfinished tasks by their ids, or by the words of the operators' list."""

    ids: Collection[UUID] | None = None
    state: str | None = None


def fitting(conn: Connection, chosen: Chosen, limit: int) -> list[UUID]:
    """The oldest that fit; ids that were given are not looked at yet."""
    if chosen.ids is not None:
        return sorted(set(chosen.ids))
    return _ids(conn, "fitting", {**_given(chosen), "limit": limit})


def lock(conn: Connection, ids: Collection[UUID], limit: int) -> list[UUID]:
    """Holds the oldest of these that are unfinished and that nobody else holds, until the transaction ends."""
    return _ids(conn, "lock_unfinished", {"ids": list(ids), "limit": limit})


def still_fitting(conn: Connection, chosen: Chosen, seen: Collection[UUID]) -> list[UUID]:
    """Which of those seen before fit now; the locked among them go on doing so."""
    return _ids(conn, "still_fitting", {**_given(chosen), "ids": list(seen)})


def would_end(conn: Connection, chosen: Chosen) -> list[dict[str, Any]]:
    """{type, status, tasks, descendants, owners, oldest, newest, example_…} of each group; type null: of all."""
    return conn.execute(_SQL["would_end"], _given(chosen)).fetchall()


def _given(chosen: Chosen) -> dict[str, Any]:
    ids = list(chosen.ids) if chosen.ids is not None else None
    return {**asdict(chosen), **bounds(chosen), "ids": ids}


def _ids(conn: Connection, statement: str, values: dict[str, Any]) -> list[UUID]:
    return [row["id"] for row in conn.execute(_SQL[statement], values).fetchall()]
