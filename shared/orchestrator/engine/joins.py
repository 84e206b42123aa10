"""Ends of tasks outside a worker's commit, each together with making the waiting parents due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from orchestrator.model.states import FINAL
from orchestrator.model.task import Task
from orchestrator.store import attempts, children, tasks
from orchestrator.store.attempts import EndedLease
from orchestrator.store.connection import Connection
from orchestrator.store.owners import Owner
from orchestrator.store.tasks import RunnableTask


def end_leases(conn: Connection, ids: Collection[UUID]) -> tuple[list[EndedLease], list[RunnableTask]]:
    """Take back tasks whose lease has ended; return them and the tasks that can run because of it."""
    with conn.transaction():
        ended = attempts.end_leases(conn, ids)
        final = [task for task in ended if task.status in FINAL]
        parents = {task.parent_id for task in final if task.parent_id}
        return ended, _wake(conn, parents, Counter((task.owner_id, task.type) for task in final))


def check_joins(conn: Connection, ids: Collection[UUID]) -> list[RunnableTask]:
    """Make waiting parents due whose join is over unnoticed; return them."""
    with conn.transaction():
        return children.wake_parents(conn, ids)


def cancel_tasks(
    conn: Connection, owner: Owner, task_ids: Collection[UUID], actor: str, reason: str | None = None
) -> tuple[list[Task], list[RunnableTask]]:
    """Cancel tasks with their unfinished descendants; return them and the tasks that can run because of it."""
    with conn.transaction():
        cancelled = tasks.cancel(conn, owner, task_ids, actor, reason)
        parents = {task.parent_id for task in cancelled if task.parent_id} - {task.id for task in cancelled}
        return cancelled, _wake(conn, parents, Counter((task.owner_id, task.type) for task in cancelled))


def _wake(conn: Connection, parents: Collection[UUID], freed: Counter[tuple[str, str]]) -> list[RunnableTask]:
    """Return parents whose join is full, and tasks that a limit does not stop any more."""
    woken = children.wake_parents(conn, parents) if parents else []
    return [*woken, *(attempts.next_limited(conn, freed) if freed else [])]
