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


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBlockers:
    """The reasons for which an owner's task does not run. `due_for` is in seconds; `running` is None without a limit.

    `asked_at` is when its open question was asked; None when it asks nothing.
    """

    type: str
    due_at: datetime | None
    created_at: datetime
    since: datetime
    parked_by: str | None
    waiting_for: int | None
    awaits: str | None
    attempts: int
    max_attempts: int
    due: bool
    due_for: float | None
    children_done: int
    running: int | None
    ahead: int
    asked_at: datetime | None
    asks_owner: bool
    asks_others: bool


def own_blockers(conn: Connection, owner: str, task_id: UUID, most_ahead: int) -> OwnBlockers | None:
    """Return the blockers of a waiting task of `owner`; None when it runs, is over, or is not the owner's.

    At most `most_ahead` of the owner's tasks before it are counted.
    """
    values = {"id": task_id, "owner_id": owner, "most_ahead": most_ahead}
    return fetch_one(conn, OwnBlockers, _SQL["own_blockers"], values)
