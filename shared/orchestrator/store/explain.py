"""The reasons for which a task does not run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.model.states import Status
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_one

_SQL = load_queries("orchestrator.store", "explain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockers:
    """The reasons for which a task does not run. `due_for` is in seconds; a count without meaning is None."""

    id: UUID
    owner_id: str
    type: str
    status: Status
    due_at: datetime | None
    wake_at: datetime | None
    leased_by: str | None
    leased_until: datetime | None
    parked_by: str | None
    waiting_for: int | None
    awaits: str | None
    suspect: bool
    limited: bool
    unique_key: str | None
    attempts: int
    resends: int
    dead_at: datetime | None
    finished_at: datetime | None
    due: bool
    due_for: int | None
    lease_ended: bool
    started: bool
    wake_late: bool
    running: int | None
    children_done: int | None
    parked_ahead: int | None
    asked: list[str] | None
    asks_operators: bool


def explain(conn: Connection, task_id: UUID, most_ahead: int) -> Blockers | None:
    """Return a task's lease, due time, flag, limit, children and dead letter; None when there is no such task.

    At most `most_ahead` of the tasks that its flag releases before it are counted.
    """
    return fetch_one(conn, Blockers, _SQL["explain"], {"id": task_id, "most_ahead": most_ahead})
