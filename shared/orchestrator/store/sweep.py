"""What the sweeper finds and mends."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "sweep")


def due_for_sweep(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """Marks what nobody acted on in time: {id, owner_id, type, status, seq, lease_ended, due, resends, …}."""
    return conn.execute(_SQL["due_for_sweep"], {"limit": limit}).fetchall()


def parked_flags(conn: Connection) -> list[str]:
    """The flags that hold tasks."""
    return [row["parked_by"] for row in conn.execute(_SQL["parked_flags"]).fetchall()]


def parked_tasks(conn: Connection, flag: str, after: UUID, limit: int) -> list[dict[str, Any]]:
    """A page of what a flag holds: {id, owner_id, type}."""
    return conn.execute(_SQL["parked_tasks"], {"flag": flag, "after": after, "limit": limit}).fetchall()


def unpark(conn: Connection, ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Lets parked tasks go: {id, owner_id, traceparent}."""
    return conn.execute(_SQL["unpark"], {"ids": list(ids)}).fetchall()


def prune_tasks(conn: Connection, days: int, limit: int) -> int:
    """Deletes up to `limit` tasks that finished more than `days` days ago; answers how many."""
    return conn.execute(_SQL["prune_tasks"], {"days": days, "limit": limit}).rowcount


def prune_tickets(conn: Connection) -> int:
    """Deletes tickets nobody used in time."""
    return conn.execute(_SQL["prune_tickets"]).rowcount
