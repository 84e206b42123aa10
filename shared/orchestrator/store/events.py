"""The events of tasks: the history of a task, and an owner's feed for watchers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.model.cursor import Cursor
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.owners import Owner, owner_filter
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_value

_SQL = load_queries("orchestrator.store", "events")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """One event of a task's history."""

    seq: int
    kind: str
    status: Status
    attempts: int
    data: Json
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent(TaskEvent):
    """An event of an owner's feed, with the fields of the task that its frame shows."""

    task_id: UUID
    type: str
    max_attempts: int
    traceparent: str | None
    result: Json
    #: The result is too large for a frame.
    result_truncated: bool
    #: The text of an event of a stream; None when a later generation has replaced it.
    text: str | None = None
    #: The open questions of a task that waits for an answer.
    asks: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _FeedRow(FeedEvent):
    """A row of the statement, which has one row without an event when there are none."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    cursor: str
    xmax: str


def task_events(conn: Connection, owner: Owner, task_id: UUID, after: int = 0, limit: int = 500) -> list[TaskEvent]:
    """Return a task's events after a seq."""
    values = {"task_id": task_id, **owner_filter(owner), "after": after, "limit": limit}
    return fetch_all(conn, TaskEvent, _SQL["task_events"], values)


def newest_events(conn: Connection, task_id: UUID, limit: int) -> list[TaskEvent]:
    """Return the last events of any owner's task, in order."""
    return fetch_all(conn, TaskEvent, _SQL["newest_events"], {"task_id": task_id, "limit": limit})


def unseen(
    conn: Connection, owner: str, cursor: Cursor, task_ids: Collection[UUID] | None, limit: int
) -> tuple[list[FeedEvent], str]:
    """Return a page of the owner's events after `cursor`, in order per task, and the snapshot that it leads to."""
    values = {
        "owner_id": owner,
        "base": cursor.base,
        "target": cursor.target,
        "after_task": cursor.task,
        "after_seq": cursor.seq,
        "task_ids": list(task_ids) if task_ids is not None else None,
        "limit": limit,
    }
    rows = fetch_all(conn, _FeedRow, _SQL["unseen"], values)
    return [row for row in rows if row.task_id is not None], rows[0].target


def snapshot_now(conn: Connection) -> tuple[str, int]:
    """Return the current snapshot, and the first transaction id after it."""
    (snapshot,) = fetch_all(conn, _Snapshot, _SQL["snapshot_now"])
    return snapshot.cursor, int(snapshot.xmax)


def first_unseen(conn: Connection, owner: str, task_ids: Collection[UUID] | None) -> int | None:
    """Return the transaction id from which a reader without a cursor starts; None when it has no events."""
    values = {"owner_id": owner, "task_ids": list(task_ids) if task_ids is not None else None}
    xid = fetch_value(conn, str, _SQL["first_unseen"], values)
    return int(xid) if xid is not None else None
