"""The engine on a real database with recording queues, and a clock that tests move."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.pq import TransactionStatus

from orchestrator.engine.agents import Agents
from orchestrator.engine.execution.heartbeat import Heartbeat
from orchestrator.engine.execution.lanes.pool import ConnectionPool
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model.task import Task
from orchestrator.store import tasks
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.store.owners import ANY_OWNER
from tests.support.postgres import log_in
from tests.support.queues import RecordingEvents, RecordingQueue

#: Once: grants made by two processes at the same moment fail.
LEDGER = """
DO $$ BEGIN
  IF to_regclass('ledger') IS NULL THEN
    CREATE TABLE ledger (task_id uuid NOT NULL, attempt int NOT NULL);
    GRANT SELECT, INSERT, DELETE ON ledger TO orchestrator_worker;
  END IF;
END $$
"""


@dataclass
class FixedFlags:
    """Flags as a test sets them."""

    off: set[str] = field(default_factory=set)
    pins: dict[str, bool] = field(default_factory=dict)

    def enabled(self, name: str, owner: str | None = None, default: bool = True) -> bool:
        return name not in self.off

    def values(self, names: Any, owner: str | None = None) -> dict[str, bool]:
        return {name: self.pins.get(name, True) for name in names}

    def parked_types(self) -> frozenset[str]:
        return frozenset(name.removeprefix("task.") for name in self.off if name.startswith("task."))

    def last_read(self) -> dict[str, Any]:
        return {name: {"default": False} for name in sorted(self.off)}


class Engine:
    """A worker, its queues and its clock."""

    def __init__(self, url: str, *, seed: int = 1) -> None:
        self.url = url
        self.now: datetime | None = None
        self.queue, self.dead_letters, self.events = RecordingQueue(), RecordingQueue(), RecordingEvents()
        self.flags = FixedFlags()
        self.agents = Agents("tests.support.agents")
        self._databases: list[Database] = []
        self._pools: list[ConnectionPool] = []
        self.db = self.database()
        self.seed = seed
        self.worker = self.new_worker()
        self.db.connection().execute(LEDGER)

    def new_worker(self) -> Worker:
        return Worker(
            name=f"worker-{uuid4().hex[:6]}",
            db=self.database("worker"),
            side=self.database("worker"),
            queue=self.queue,
            dead_letters=self.dead_letters,
            events=self.events,
            agents=self.agents,
            flags=self.flags,
            rng=random.Random(self.seed),
        )

    def drop_databases(self, *unused: Database) -> None:
        """Close the connections of a worker that is gone."""
        for database in unused:
            self._databases.remove(database)
            database.close()

    def long_worker(self, slots: int = 10) -> Worker:
        """Return a worker of the lane `long`, whose heartbeat beats when a test says so."""
        worker = self.new_worker()
        worker.lane, worker.slots = "long", slots
        worker.pool = _ClockedPool(partial(log_in, self.url, "worker"), lambda: self.now)
        worker.heartbeat = Heartbeat(self.database("worker"), thread=False)
        self._pools.append(worker.pool)
        return worker

    def close(self) -> None:
        for pool in self._pools:
            pool.close()
        for database in self._databases:
            database.close()

    def move_clock(self, seconds: float) -> None:
        """The SQL clock of every connection of this engine, from now on fixed."""
        self.now = (self.now or datetime.now(UTC)) + timedelta(seconds=seconds)
        for database in list(self._databases):
            database.connection()

    def submit(self, type: str = "test.effect", payload: Any = None, **order: Any) -> Task:
        return submit(
            self.db,
            self.queue,
            self.agents,
            TaskRequest(**{"owner": "1", "type": type, "payload": payload or {}, "by_user": False, **order}),
        ).task

    def run(self, *task_ids: UUID, worker: Worker | None = None, remaining: float = 60.0, **message: Any) -> list[str]:
        """Delivers one batch; answers the ids (of tasks) that come back."""
        batch = [replace(message_for(task_id), **message) for task_id in task_ids]
        return run_batch(worker or self.worker, batch, lambda: remaining)

    def task(self, task_id: UUID) -> Task:
        found = self.db.run(tasks.get_task, ANY_OWNER, task_id)
        assert found is not None
        return found

    def row(self, task_id: UUID) -> dict[str, Any]:
        found = self.db.connection().execute("SELECT * FROM agent_tasks WHERE id = %s", (task_id,)).fetchone()
        assert found is not None
        return found

    def effects(self, task_id: UUID) -> int:
        found = (
            self.db.connection().execute("SELECT count(*) AS n FROM ledger WHERE task_id = %s", (task_id,)).fetchone()
        )
        assert found is not None
        return int(found["n"])

    def kinds(self, task_id: UUID) -> list[str]:
        rows = (
            self.db.connection()
            .execute("SELECT kind, seq FROM agent_task_events WHERE task_id = %s ORDER BY seq", (task_id,))
            .fetchall()
        )
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1)), "seq has a gap"
        return [row["kind"] for row in rows]

    def database(self, part: str | None = None) -> Database:
        """Return a `Database` with the login of the master user, or of the function `part`."""
        database = self.database_of_thread(part)
        self._databases.append(database)
        return database

    def database_of_thread(self, part: str | None = None) -> Database:
        """Return a `Database` that one thread uses and closes: the clock of an open transaction does not move."""
        opener = partial(log_in, self.url, part) if part else partial(connect, self.url)
        return _ClockedDatabase(opener, lambda: self.now)


def message_for(task_id: UUID) -> Message:
    return Message(message_id=str(task_id), receipt_handle=str(task_id), task_id=task_id)


class _ClockedDatabase(Database):
    """A connection with the clock of a test. The worker resets its session's settings, so each use sets it again."""

    def __init__(self, opener: Callable[[], Connection], now: Callable[[], datetime | None]) -> None:
        super().__init__(opener)
        self._now = now

    def connection(self) -> Connection:
        connection = super().connection()
        _set_clock(connection, self._now())
        return connection


class _ClockedPool(ConnectionPool):
    """A pool whose connections have the clock of a test."""

    def __init__(self, opener: Callable[[], Connection], now: Callable[[], datetime | None]) -> None:
        super().__init__(opener)
        self._now = now

    def take(self) -> Connection:
        connection = super().take()
        _set_clock(connection, self._now())
        return connection


def _set_clock(connection: Connection, now: datetime | None) -> None:
    if now is not None and connection.info.transaction_status is TransactionStatus.IDLE:
        psycopg.Cursor(connection).execute(
            "SELECT set_config('orchestrator.now', %s, false)", (now.isoformat(),), prepare=False
        )
