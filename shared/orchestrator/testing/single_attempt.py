"""Tests of agents: run one task from its submit to its outcome on a real database, in one line.

done = run_agent(database_url, "person.greet", {"name": "Lina"}, package="my_app.agents")
assert done.result == {"message": "Hello Lina"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskMessage, TaskQueue
from orchestrator.engine.agents import Agents
from orchestrator.engine.execution.lanes.pool import SharedDatabase
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model.task import Json, Task
from orchestrator.store import children, events, row_security, tasks
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.store.owners import ANY_OWNER

#: Seconds the imagined invocation has left.
REMAINING = 900.0


@dataclass(frozen=True, slots=True)
class Ran:
    """The task after the attempt, the progress that its watchers saw, and its child tasks."""

    task: Task
    progress: tuple[str, ...]
    children: tuple[Task, ...]

    @property
    def status(self) -> str:
        return self.task.status.value

    @property
    def result(self) -> Any:
        return self.task.result

    @property
    def error(self) -> Any:
        """{kind, code?, message, detail?}; None unless it failed."""
        return self.task.error


class SilentQueue(TaskQueue):
    """Accept every task message and deliver none: a test decides which tasks run."""

    def __init__(self) -> None:
        super().__init__("silent")

    def send(self, task_messages: Sequence[TaskMessage]) -> list[TaskMessage]:  # noqa: ARG002 (nobody is woken)
        return []

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        """Do nothing: there is no message to hide."""


class SilentEvents(EventQueue):
    """Nobody watches."""

    def __init__(self) -> None:
        super().__init__("silent")

    def announce(self, changes: Iterable[tuple[str, str | None]]) -> None:
        """Send no notification."""


@dataclass(frozen=True, slots=True)
class SetFlags:
    """Flags as the test sets them; the others have their defaults."""

    set: Mapping[str, bool]

    def enabled(self, name: str, owner: str | None = None, default: bool = True) -> bool:  # noqa: ARG002 (the same for every owner)
        return self.set.get(name, default)

    def values(self, names: Iterable[str], owner: str | None = None) -> Mapping[str, bool]:
        return {name: self.enabled(name, owner) for name in names}

    def parked_types(self) -> frozenset[str]:
        return frozenset()

    def last_read(self) -> None:
        return None


def run_agent(
    database_url: str,
    type: str,
    payload: Mapping[str, Json] | None = None,
    *,
    package: str,
    owner: str = "1",
    flags: Mapping[str, bool] | None = None,
    now: datetime | None = None,
) -> Ran:
    """Submit a task of `type`, run one attempt and return the outcome.

    `package` has the agents, such as "my_app.agents". `owner` is whose task it is. `flags` are the feature flags; the
    others have their defaults. `now` stops the database's clock at that moment. A task that is to wait, such as a
    debounced one, runs at the time when it is due. The database has the schemas of the engine and of the application.
    """
    agents = Agents(package)
    api = _connect_as(database_url, "orchestrator_api", now)
    databases: list[Database] = []
    try:
        order = TaskRequest(owner=owner, type=type, payload=payload or {}, by_user=False)
        with api.row_context(row_security.owner(owner)):
            task = submit(api, SilentQueue(), agents, order).task
        databases += [_connect_as(database_url, "orchestrator_worker", _start(task, now)) for _ in range(2)]
        return run_task(databases, agents, task.id, flags or {})
    finally:
        for database in (api, *databases):
            database.close()


def _start(task: Task, now: datetime | None) -> datetime | None:
    """Return the moment at which the attempt runs: `now`, or the time when a task that is to wait is due."""
    earliest = now or task.created_at
    return task.due_at if task.due_at is not None and task.due_at > earliest else now


def run_task(databases: Sequence[Database], agents: Agents, task_id: UUID, flags: Mapping[str, bool]) -> Ran:
    """One attempt of a task that is there."""
    worker = Worker(
        name="test",
        db=databases[0],
        side=databases[1],
        queue=SilentQueue(),
        dead_letters=SilentQueue(),
        events=SilentEvents(),
        agents=agents,
        lane=None,
        flags=SetFlags(flags),
    )
    run_batch(worker, [Message(str(task_id), str(task_id), task_id)], lambda: REMAINING)
    return _outcome(databases[0].connection(), task_id)


def _connect_as(database_url: str, role: str, now: datetime | None) -> Database:
    """Return a database that has a part's rights and no others, as on AWS."""

    clock = f" -c orchestrator.now={now.isoformat()}" if now is not None else ""

    def opened() -> Connection:
        return connect(database_url, options=f"-c role={role}{clock}")

    return SharedDatabase(opened)


def _outcome(conn: Connection, task_id: UUID) -> Ran:
    task = tasks.get_task(conn, ANY_OWNER, task_id)
    if task is None:
        raise LookupError(f"task {task_id} is gone")
    seen = (event.data for event in events.task_events(conn, ANY_OWNER, task_id, limit=1_000))
    notes = tuple(str(data["progress"]["message"]) for data in seen if data and "progress" in data)
    left = (tasks.get_task(conn, ANY_OWNER, row.id) for row in children.children(conn, task_id))
    return Ran(task, notes, tuple(child for child in left if child is not None))
