"""The tasks of a run, from its root to the last child, and the events that show where their time went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.owners import Owner, owner_filter
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_value

_SQL = load_queries("orchestrator.store", "run_tree")

#: Levels above a task that are searched for the root of its run.
HIGHEST = 100
#: Events read of one task, and of one run.
EVENTS_EACH = 200
MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTask:
    """A task of a run; `parent_id` is None for the root, also where the reader does not see its parent."""

    id: UUID
    parent_id: UUID | None
    owner_id: str
    type: str
    status: Status
    attempts: int
    max_attempts: int
    created_at: datetime
    ready_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """An event of a task of a run; `data` has only step, tookMs, wait, for, flag and worker."""

    task_id: UUID
    seq: int
    kind: str
    attempts: int
    created_at: datetime
    data: dict[str, Json]


def run_tasks(conn: Connection, owner: Owner, task_id: UUID, limit: int) -> list[RunTask]:
    """Return the run of a task, the root first, each task before its children; empty when there is no such task."""
    values = {"id": task_id, **owner_filter(owner), "highest": HIGHEST, "limit": limit}
    return fetch_all(conn, RunTask, _SQL["run_tasks"], values)


def run_events(conn: Connection, owner: Owner, task_ids: Collection[UUID]) -> list[RunEvent]:
    """Return the first events of each task in order, without those of progress and streams."""
    values = {"ids": list(task_ids), **owner_filter(owner), "each": EVENTS_EACH, "limit": MOST_EVENTS}
    return fetch_all(conn, RunEvent, _SQL["run_events"], values)


def read_clock(conn: Connection) -> datetime:
    """Return the time of the database."""
    now = fetch_value(conn, datetime, _SQL["read_clock"])
    assert now is not None  # noqa: S101 (the statement has one row)
    return now
