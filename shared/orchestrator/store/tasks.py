"""Tasks of owners: submitted, read and cancelled."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.states import Status
from orchestrator.model.task import Json, ListedTask, Task
from orchestrator.store.connection import Connection
from orchestrator.store.owners import Owner, owner_filter
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_column, fetch_one

_SQL = load_queries("orchestrator.store", "tasks")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """The values of a task that is submitted; `payload` is JSON text."""

    id: UUID
    owner_id: str
    type: str
    payload: str
    payload_version: int
    max_attempts: int
    limited: bool
    deadline: float | None = None
    schedule_at: datetime | None = None
    idempotency_key: str | None = None
    request_hash: bytes | None = None
    traceparent: str | None = None
    unique_key: str | None = None
    #: Seconds from now before which it does not run.
    delay: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnableTask:
    """A task that became due, with the fields of its task message."""

    id: UUID
    owner_id: str
    type: str
    traceparent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTask(Task):
    """A task with the seconds until it is due and the hash of the request that made it."""

    due_in: float
    request_hash: bytes | None


def insert_task(conn: Connection, new: NewTask) -> StoredTask | None:
    """Insert a task with its first event; return None when its id or idempotency key is taken."""
    values = {name: getattr(new, name) for name in NewTask.__slots__}
    row = conn.execute_in_context(_SQL["insert_task"], values).fetchone()
    return _as_stored(new, row) if row and row["created_at"] else None


def insert_tasks(conn: Connection, new: Sequence[NewTask]) -> dict[UUID, StoredTask]:
    """Insert tasks with their first events; return them by id, without those whose id or key is taken."""
    rows = [_json_row(each) for each in new]
    found = conn.execute(_SQL["insert_tasks"], {"tasks": encode_json(rows)}).fetchall()
    by_id = {each.id: each for each in new}
    return {row["id"]: _as_stored(by_id[row["id"]], row) for row in found}


def _json_row(new: NewTask) -> dict[str, Json]:
    """Return a task as an object of the statement's JSON text; a missing field is null."""
    columns = asdict(new) | {
        "id": str(new.id),
        "schedule_at": new.schedule_at.isoformat() if new.schedule_at else None,
        "request_hash": new.request_hash.hex() if new.request_hash else None,
    }
    return {name: value for name, value in columns.items() if value is not None}


def _as_stored(new: NewTask, row: dict[str, Json]) -> StoredTask:
    """Return the stored task without reading it back."""
    return StoredTask(
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
        unique_key=new.unique_key,
        due_in=row["due_in"],
        request_hash=new.request_hash,
    )


def find_submitted(conn: Connection, owner: str, task_id: UUID, idempotency_key: str | None) -> StoredTask | None:
    """Return the task that an earlier submit created under this id or key."""
    values = {"id": task_id, "owner_id": owner, "idempotency_key": idempotency_key}
    return fetch_one(conn, StoredTask, _SQL["find_submitted"], values)


def get_task(conn: Connection, owner: Owner, task_id: UUID) -> Task | None:
    """Return one task of `owner`."""
    return fetch_one(conn, Task, _SQL["get_task"], {"id": task_id, **owner_filter(owner)})


def list_tasks(
    conn: Connection,
    owner: str,
    *,
    status: Status | None = None,
    type: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[ListedTask]:
    """Return an owner's tasks, newest first; `before` is the last id of the page before."""
    values = {"owner_id": owner, "status": status, "type": type, "before": before, "limit": limit}
    return fetch_all(conn, ListedTask, _SQL["list_tasks"], values)


def newest_completed(conn: Connection, owner: str, type: str, limit: int) -> list[Task]:
    """Return an owner's newest completed tasks of one type."""
    values = {"owner_id": owner, "type": type, "limit": limit}
    return fetch_all(conn, Task, _SQL["newest_completed"], values)


def cancel(
    conn: Connection, owner: Owner, task_ids: Collection[UUID], actor: str, reason: str | None = None
) -> list[Task]:
    """Cancel tasks with their unfinished descendants; return them. Skip tasks that are over or not the owner's.

    Search for descendants until none is left: a running one may have committed more while its lock was awaited.
    The caller's transaction is READ COMMITTED, so each search sees them.
    """
    values = {**owner_filter(owner), "actor": actor, "reason": reason}
    cancelled = fetch_all(conn, Task, _SQL["cancel"], {**values, "ids": list(task_ids)})
    roots = [task.id for task in cancelled]
    while roots and (ids := living_descendants(conn, owner, roots)):
        cancelled += fetch_all(conn, Task, _SQL["cancel"], {**values, "ids": ids})
    return cancelled


def living_descendants(
    conn: Connection, owner: Owner, task_ids: Collection[UUID], *, limit: int | None = None
) -> list[UUID]:
    """Return the ids of the unfinished descendants of these tasks."""
    values = {"ids": list(task_ids), **owner_filter(owner), "limit": limit}
    return fetch_column(conn, UUID, _SQL["living_descendants"], values)
