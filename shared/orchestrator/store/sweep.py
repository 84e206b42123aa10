"""The statements of the sweeper: late tasks, parked tasks, and rows past their retention."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentAttempt:
    """A running task whose worker may be dead; `lease_left` in seconds."""

    id: UUID
    owner_id: str
    type: str
    traceparent: str | None
    lease_left: float


def silent_attempts(conn: Connection, silent: float, limit: int) -> list[SilentAttempt]:
    """Return running tasks whose lease ends within `silent` seconds."""
    return fetch_all(conn, SilentAttempt, _SQL["silent_attempts"], {"silent": silent, "limit": limit})


def due_for_sweep(conn: Connection, limit: int) -> list[LateTask]:
    """Return tasks that were not acted on in time, and mark them so that other sweepers skip them."""
    return fetch_all(conn, LateTask, _SQL["due_for_sweep"], {"limit": limit})


def parked_flags(conn: Connection) -> list[str]:
    """Return the flags that park tasks."""
    return fetch_column(conn, str, _SQL["parked_flags"])


def parked_tasks(conn: Connection, flag: str, after: UUID, limit: int) -> list[ParkedTask]:
    """Return a page of the tasks that a flag parks."""
    return fetch_all(conn, ParkedTask, _SQL["parked_tasks"], {"flag": flag, "after": after, "limit": limit})


def unpark(conn: Connection, ids: Collection[UUID]) -> list[RunnableTask]:
    """Make parked tasks due; return those that were parked."""
    return fetch_all(conn, RunnableTask, _SQL["unpark"], {"ids": list(ids)})


def prune_tasks(conn: Connection, days: int, limit: int) -> int:
    """Delete up to `limit` tasks that finished more than `days` days ago; return how many."""
    return conn.execute(_SQL["prune_tasks"], {"days": days, "limit": limit}).rowcount


def prune_tickets(conn: Connection) -> int:
    """Delete expired tickets; return how many."""
    return conn.execute(_SQL["prune_tickets"]).rowcount
