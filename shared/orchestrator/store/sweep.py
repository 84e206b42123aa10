"""What the sweeper finds and mends."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from orchestrator.model.states import Status
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_column
from orchestrator.store.tasks import RunnableTask

_SQL = load_queries("orchestrator.store", "sweep")


@dataclass(frozen=True, slots=True, kw_only=True)
class LateTask:
    """A task that was not acted on in time. `due`: it may run now; `waits`: for children;
    `resends`: task messages sent again so far."""

    id: UUID
    owner_id: str
    type: str
    status: Status
    seq: int
    traceparent: str | None
    resends: int
    lease_ended: bool
    due: bool
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedTask:
    """A task that a flag parks."""

    id: UUID
    owner_id: str
    type: str


def due_for_sweep(conn: Connection, limit: int) -> list[LateTask]:
    """Marks what nobody acted on in time."""
    return fetch_all(conn, LateTask, _SQL["due_for_sweep"], {"limit": limit})


def parked_flags(conn: Connection) -> list[str]:
    """The flags that hold tasks."""
    return fetch_column(conn, str, _SQL["parked_flags"])


def parked_tasks(conn: Connection, flag: str, after: UUID, limit: int) -> list[ParkedTask]:
    """A page of what a flag holds."""
    return fetch_all(conn, ParkedTask, _SQL["parked_tasks"], {"flag": flag, "after": after, "limit": limit})


def unpark(conn: Connection, ids: Collection[UUID]) -> list[RunnableTask]:
    """Lets parked tasks go."""
    return fetch_all(conn, RunnableTask, _SQL["unpark"], {"ids": list(ids)})


def prune_tasks(conn: Connection, days: int, limit: int) -> int:
    """Deletes up to `limit` tasks that finished more than `days` days ago; answers how many."""
    return conn.execute(_SQL["prune_tasks"], {"days": days, "limit": limit}).rowcount


def prune_tickets(conn: Connection) -> int:
    """Deletes tickets nobody used in time."""
    return conn.execute(_SQL["prune_tickets"]).rowcount
