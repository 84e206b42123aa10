"""The events of tasks: their history, and the feed of those who watch."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from orchestrator.model.cursor import Cursor
from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "events")


def history(
    conn: Connection, owner: str | None, task_id: UUID, after: int = 0, limit: int = 500
) -> list[dict[str, Any]]:
    """A task's events after a seq: {seq, kind, status, attempts, data, created_at}."""
    return conn.execute(
        _SQL["task_events"], {"task_id": task_id, "owner_id": owner, "after": after, "limit": limit}
    ).fetchall()


def newest(conn: Connection, task_id: UUID, limit: int) -> list[dict[str, Any]]:
    """The last events of anybody's task, as `history` has them."""
    return conn.execute(_SQL["newest_events"], {"task_id": task_id, "limit": limit}).fetchall()


def unseen(
    conn: Connection, owner: str, cursor: Cursor, task_ids: Collection[UUID] | None, limit: int
) -> tuple[list[dict[str, Any]], str]:
    """A page of the owner's events that `cursor` has not covered, in order per task, and the snapshot they lead to."""
    rows = conn.execute(
        _SQL["unseen"],
        {
            "owner_id": owner,
            "base": cursor.base,
            "target": cursor.target,
            "after_task": cursor.task,
            "after_seq": cursor.seq,
            "task_ids": list(task_ids) if task_ids is not None else None,
            "limit": limit,
        },
    ).fetchall()
    return [row for row in rows if row["task_id"] is not None], rows[0]["target"]


def snapshot_now(conn: Connection) -> tuple[str, int]:
    """The present snapshot, and the first transaction id it does not know yet."""
    row = conn.execute(_SQL["snapshot_now"]).fetchone()
    assert row is not None  # noqa: S101 (a SELECT without FROM has one row)
    return row["cursor"], int(row["xmax"])


def first_unseen(conn: Connection, owner: str, task_ids: Collection[UUID] | None) -> int | None:
    """The transaction id from which a reader without a cursor reads; None when there is nothing to tell."""
    row = conn.execute(
        _SQL["first_unseen"],
        {"owner_id": owner, "task_ids": list(task_ids) if task_ids is not None else None},
    ).fetchone()
    return int(row["xid"]) if row and row["xid"] is not None else None
