"""Moves that end tasks outside a worker's commit, each together with waking whoever waited for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any
from uuid import UUID

from orchestrator.model.states import FINAL, Status
from orchestrator.model.task import Task
from orchestrator.store import attempts, children, tasks
from orchestrator.store.connection import Connection

#: {id, owner_id, traceparent} of a task to wake.
Row = dict[str, Any]


def end_leases(conn: Connection, ids: Collection[UUID]) -> tuple[list[Row], list[Row]]:
    """Takes back tasks whose lease has ended; answers them, and who can go on because some died for good."""
    with conn.transaction():
        ended = attempts.end_leases(conn, ids)
        died = [row for row in ended if Status(row["status"]) in FINAL]
        parents = {row["parent_id"] for row in died if row["parent_id"]}
        return ended, _wake(conn, parents, Counter((row["owner_id"], row["type"]) for row in died))


def cancel_tasks(
    conn: Connection, owner: str | None, task_ids: Collection[UUID], actor: str, reason: str | None = None
) -> tuple[list[Task], list[Row]]:
    """Cancels tasks with their unfinished descendants; answers them, and who can go on because of it."""
    with conn.transaction():
        cancelled = tasks.cancel(conn, owner, task_ids, actor, reason)
        parents = {task.parent_id for task in cancelled if task.parent_id} - {task.id for task in cancelled}
        return cancelled, _wake(conn, parents, Counter((task.owner_id, task.type) for task in cancelled))


def _wake(conn: Connection, parents: Collection[UUID], freed: Counter[tuple[str, str]]) -> list[Row]:
    """Parents whose join is full now, and tasks that waited behind a limit for the places that are free."""
    woken = children.wake_parents(conn, parents) if parents else []
    return [*woken, *(attempts.next_limited(conn, freed) if freed else [])]
