"""Moves that end tasks outside a worker's commit, each together with waking the parents that waited for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from orchestrator.model.task import FINAL, Status, Task
from orchestrator.store import attempts, family, tasks
from orchestrator.store.db import Connection

#: {id, owner_id, traceparent} of a task to wake.
Row = dict[str, Any]


def end_leases(conn: Connection, ids: Collection[UUID]) -> tuple[list[Row], list[Row]]:
    """Takes back tasks whose lease has ended; answers them, and the parents of those that died for good."""
    with conn.transaction():
        ended = attempts.end_leases(conn, ids)
        died = {row["parent_id"] for row in ended if Status(row["status"]) in FINAL and row["parent_id"]}
        return ended, family.wake_parents(conn, died) if died else []


def cancel(conn: Connection, owner: str | None, task_id: UUID, actor: str) -> tuple[list[Task], list[Row]]:
    """Cancels a task with its unfinished descendants; answers them, and the parent that waited for it."""
    with conn.transaction():
        cancelled = tasks.cancel(conn, owner, task_id, actor)
        parents = {task.parent_id for task in cancelled if task.parent_id} - {task.id for task in cancelled}
        return cancelled, family.wake_parents(conn, parents) if parents else []
