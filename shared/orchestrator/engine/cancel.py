"""Cancel: at once for a waiting task; a running one loses its token, so nothing of it commits."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskMessage, TaskQueue
from orchestrator.engine import joins, task_telemetry
from orchestrator.engine.agents import Agents, UnknownType
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.fault_injection import reach
from orchestrator.model.task import Task
from orchestrator.store import audit, tasks
from orchestrator.store.connection import Connection, Database
from orchestrator.store.owners import Owner
from orchestrator.store.tasks import RunnableTask


def cancel_own(db: Database, queue: TaskQueue, events: EventQueue, agents: Agents, owner: str, task_id: UUID) -> Task:
    """Cancel a task for its owner, as `cancel` does. Raise Conflict also for a type whose owner cannot cancel it."""
    found = db.run(tasks.get_task, owner, task_id)
    if found is not None and _is_for_good(agents, found.type):
        raise Conflict("This cannot be called back.")
    return cancel(db, queue, events, owner, task_id)


def _is_for_good(agents: Agents, type: str) -> bool:
    try:
        return agents.get(type).for_good
    except UnknownType:
        return False


def cancel(
    db: Database, queue: TaskQueue, events: EventQueue, owner: Owner, task_id: UUID, *, actor: str | None = None
) -> Task:
    """Cancel a task of `owner` with its unfinished descendants; an operator is the `actor`.

    Raise NotFound when it is not there or not the owner's, Conflict when it is over.
    """
    cancelled, woken = db.run(_cancel, owner, task_id, actor)
    for task in cancelled:
        if task.id == task_id:
            announce_cancelled(queue, events, cancelled, woken, actor_label(actor))
            return task
    found = db.run(tasks.get_task, owner, task_id)
    if found is None:
        raise NotFound("There is no such task.")
    raise Conflict(f"The task is over already: {found.status.value}.")


def announce_cancelled(
    queue: TaskQueue,
    events: EventQueue,
    cancelled: Collection[Task],
    woken: Collection[RunnableTask],
    by: str,
) -> None:
    """Send, after the commit, the messages of tasks that can run now and notify the watchers."""
    reach("cancel.committed")
    queue.send([TaskMessage.of(task) for task in woken])
    events.announce((each.owner_id, each.traceparent) for each in cancelled)
    task_telemetry.cancelled(cancelled, by)


def actor_label(actor: str | None) -> str:
    """Return the actor as the history of tasks and the logs show it."""
    return f"operator {actor}" if actor else "owner"


def _cancel(conn: Connection, owner: Owner, task_id: UUID, actor: str | None) -> tuple[list[Task], list[RunnableTask]]:
    """Together with its audit, where an operator does it."""
    with conn.transaction():
        cancelled, woken = joins.cancel_tasks(conn, owner, [task_id], actor_label(actor))
        if actor and cancelled:
            audit.record_action(conn, actor, "cancel", {"task": str(task_id)})
        return cancelled, woken
