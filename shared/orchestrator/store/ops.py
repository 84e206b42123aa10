"""Everybody's tasks, for operators: counts, and a search that never reads without end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator.model.task import Status, Task
from orchestrator.store.db import Connection, load_queries

_SQL = load_queries("orchestrator.store", "ops")

#: Rows one search looks at; what it has not found by then is on a later page.
SEARCH_WINDOW = 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, and the id after which the next one begins (None: nothing is left)."""

    tasks: list[Task]
    next_before: UUID | None


def live_counts(conn: Connection) -> list[dict[str, Any]]:
    """{type, state, tasks, oldest (s)}; a state is due, scheduled, processing, parked or dead."""
    return conn.execute(_SQL["live_counts"]).fetchall()


def busiest_owner(conn: Connection) -> dict[str, Any] | None:
    """{owner, tasks}; None while nothing is live."""
    return conn.execute(_SQL["busiest_owner"]).fetchone()


def finished_counts(conn: Connection, window: int) -> list[dict[str, Any]]:
    """{type, status, tasks} of the last `window` seconds."""
    return conn.execute(_SQL["finished_counts"], {"window": window}).fetchall()


def paces(conn: Connection, window: int) -> dict[str, dict[str, float]]:
    """{p50, p95} in ms from submit to completed, by type; of the newest 10,000 within `window` seconds."""
    rows = conn.execute(_SQL["paces"], {"window": window}).fetchall()
    return {row["type"]: {"p50": row["p50"], "p95": row["p95"]} for row in rows}


def finished_series(conn: Connection, window: int, step: int) -> list[dict[str, Any]]:
    """{at, tasks, bad} for each step of the last `window` seconds in which something ended."""
    return conn.execute(_SQL["finished_series"], {"window": window, "step": step}).fetchall()


def load(conn: Connection) -> dict[str, Any]:
    """{sockets, connections, lock_waits, lock_wait, sweep_late (null: nothing waits for the sweeper)}"""
    row = conn.execute(_SQL["load"]).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return row


def search(
    conn: Connection,
    *,
    owner: str | None = None,
    status: Status | None = None,
    type: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> Found:
    """Tasks newest first. A page may hold fewer than `limit` although more follow."""
    given = {"owner_id": owner, "status": status, "type": type, "before": before}
    window = SEARCH_WINDOW if status or type else limit
    edge = conn.execute(_SQL["search_boundary"], {**given, "window": window}).fetchone()
    boundary = edge["id"] if edge else None
    rows = conn.execute(_SQL["search_tasks"], {**given, "boundary": boundary, "limit": limit}).fetchall()
    tasks = [Task.from_row(row) for row in rows]
    if len(tasks) == limit:
        return Found(tasks, tasks[-1].id)
    return Found(tasks, UUID(int=boundary.int + 1) if boundary else None)
