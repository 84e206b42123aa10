"""Tasks as their owners see them: submitted, read, cancelled."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator.model.states import Status
from orchestrator.model.task import Task
from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "tasks")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """What a submit inserts; `payload` is JSON text."""

    id: UUID
    owner_id: str
    type: str
    payload: str
    payload_version: int
    max_attempts: int
    limited: bool
    schedule_at: datetime | None = None
    idempotency_key: str | None = None
    request_hash: bytes | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A task's row with the seconds until it is due and the hash of the request that made it."""

    task: Task
    due_in: float
    request_hash: bytes | None

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Stored:
        return cls(Task.from_row(row), max(0.0, row["due_in"]), row["request_hash"])


def insert(conn: Connection, new: NewTask) -> Stored | None:
    """The new task, or None when its id or idempotency key is taken."""
    values = {name: getattr(new, name) for name in NewTask.__slots__}
    row = conn.execute_in_context(_SQL["insert_task"], values).fetchone()
    return _as_stored(new, row) if row and row["created_at"] else None


def _as_stored(new: NewTask, row: dict[str, Any]) -> Stored:
    """What the submit has stored, without reading it back."""
    task = Task(
        id=new.id,
        owner_id=new.owner_id,
        type=new.type,
        status=Status.PENDING,
        payload=json.loads(new.payload),
        payload_version=new.payload_version,
        result=None,
        error=None,
        progress=None,
        flags=None,
        attempts=0,
        max_attempts=new.max_attempts,
        seq=1,
        due_at=row["due_at"],
        created_at=row["created_at"],
        updated_at=row["created_at"],
        finished_at=None,
        parent_id=None,
        traceparent=new.traceparent,
    )
    return Stored(task, max(0.0, row["due_in"]), new.request_hash)


def find_submitted(conn: Connection, owner: str, task_id: UUID, idempotency_key: str | None) -> Stored | None:
    """The task an earlier submit made under this id or key."""
    row = conn.execute(
        _SQL["find_submitted"], {"id": task_id, "owner_id": owner, "idempotency_key": idempotency_key}
    ).fetchone()
    return Stored.from_row(row) if row else None


def get(conn: Connection, owner: str | None, task_id: UUID) -> Task | None:
    """One task of `owner`; of any owner where None (operators only)."""
    row = conn.execute(_SQL["get_task"], {"id": task_id, "owner_id": owner}).fetchone()
    return Task.from_row(row) if row else None


def list_page(
    conn: Connection,
    owner: str,
    *,
    status: Status | None = None,
    type: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Task]:
    """An owner's tasks, newest first; `before` is the last id of the page before."""
    rows = conn.execute(
        _SQL["list_tasks"],
        {"owner_id": owner, "status": status, "type": type, "before": before, "limit": limit},
    ).fetchall()
    return [Task.from_row(row) for row in rows]


def newest_completed(conn: Connection, owner: str, type: str, limit: int) -> list[Task]:
    """An owner's newest completed tasks of one type."""
    rows = conn.execute(_SQL["newest_completed"], {"owner_id": owner, "type": type, "limit": limit}).fetchall()
    return [Task.from_row(row) for row in rows]


def cancel(
    conn: Connection, owner: str | None, task_ids: Collection[UUID], actor: str, reason: str | None = None
) -> list[Task]:
    """Cancels tasks, each with its unfinished descendants; leaves out what is over, not there or not the owner's.

    Descendants are looked for until none is left: one that was running may have committed more while we waited for it.
    The caller's transaction is READ COMMITTED, so each look sees them.
    """
    given = {"owner_id": owner, "actor": actor, "reason": reason}
    cancelled = conn.execute(_SQL["cancel"], {**given, "ids": list(task_ids)}).fetchall()
    roots = [row["id"] for row in cancelled]
    while roots and (ids := living_descendants(conn, owner, roots)):
        cancelled += conn.execute(_SQL["cancel"], {**given, "ids": ids}).fetchall()
    return [Task.from_row(row) for row in cancelled]


def living_descendants(
    conn: Connection, owner: str | None, task_ids: Collection[UUID], *, limit: int | None = None
) -> list[UUID]:
    """The unfinished descendants of these tasks."""
    given = {"ids": list(task_ids), "owner_id": owner, "limit": limit}
    return [row["id"] for row in conn.execute(_SQL["living_descendants"], given).fetchall()]
