"""Cancel: at once for a waiting task; a running one loses its token, so nothing of it commits."""

from __future__ import annotations

from uuid import UUID

from orchestrator.cloud.queue import EventQueue, TaskQueue, Wake
from orchestrator.engine import lifecycle
from orchestrator.engine import parents as parents_of
from orchestrator.engine.agents import Agents, UnknownType
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.faultpoints import reach
from orchestrator.model.task import Task
from orchestrator.store import tasks
from orchestrator.store.db import Database


def cancel_own(db: Database, queue: TaskQueue, events: EventQueue, agents: Agents, owner: str, task_id: UUID) -> Task:
    """As `cancel`, by the owner. Raises Conflict also for what is asked for once and for good."""
    found = db.run(tasks.get, owner, task_id)
    if found is not None and _is_for_good(agents, found.type):
        raise Conflict("This cannot be called back.")
    return cancel(db, queue, events, owner, task_id)


def _is_for_good(agents: Agents, type: str) -> bool:
    try:
        return agents.get(type).for_good
    except UnknownType:
        return False


def cancel(
    db: Database, queue: TaskQueue, events: EventQueue, owner: str | None, task_id: UUID, *, actor: str | None = None
) -> Task:
    """Cancels a task of `owner` (None: an operator, any owner's) with its unfinished descendants.

    Raises NotFound when it is not there or not the owner's, Conflict when it is over.
    """
    cancelled, parents = db.run(parents_of.cancel, owner, task_id, actor or "owner")
    for task in cancelled:
        if task.id == task_id:
            reach("cancel.committed")
            queue.send([Wake(row["id"], row["owner_id"], traceparent=row["traceparent"]) for row in parents])
            events.announce((each.owner_id, each.traceparent) for each in cancelled)
            lifecycle.cancelled(cancelled, actor or "owner")
            return task
    found = db.run(tasks.get, owner, task_id)
    if found is None:
        raise NotFound("There is no such task.")
    raise Conflict(f"The task is over already: {found.status.value}.")
