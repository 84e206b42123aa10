"""The attempts of a batch before and when their handlers begin."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from uuid import UUID

from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.worker import Worker
from orchestrator.model.fault_injection import reach
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Database


class Waiting:
    """The claimed attempts whose handlers have not begun; the heartbeat may return them from its thread."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._attempts: list[Attempt] = []
        self._turn = threading.Lock()

    def put(self, chosen: list[Attempt]) -> None:
        self._attempts = chosen

    def next(self) -> list[Attempt]:
        """Return the attempt that starts now, and after it those that wait; none when all have started."""
        with self._turn:
            turn, self._attempts = self._attempts, self._attempts[1:]
        return turn

    def return_all(self, db: Database) -> None:
        """Return the attempts that wait: the handler before them takes longer than was expected."""
        with self._turn:
            self.return_these(self._attempts, db)
            self._attempts = []

    def return_these(self, back: Sequence[Attempt], db: Database) -> None:
        """Unclaim attempts and make their messages visible."""
        if back:
            db.run(attempts.unclaim, back)
            reach("run.returned")
            self._deliveries.return_now([attempt.id for attempt in back])


class Starts:
    """When handlers began, and which started events are written."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._began: dict[UUID, float] = {}
        self._written: set[UUID] = set()

    def begin(self, attempt: Attempt) -> float:
        """Note that the handler begins, perhaps again; return the monotonic time."""
        now = time.monotonic()
        self._began.setdefault(attempt.id, now)
        return now

    def write(self, attempt: Attempt, db: Database) -> bool:
        """Write the started event; return False when another attempt owns the task."""
        started = db.run(attempts.start, [attempt], self._worker.started_event)
        reach("run.started")
        self._written |= started
        return attempt.id in started

    def is_written(self, attempt: Attempt) -> bool:
        return attempt.id in self._written

    def unwritten(self, ids: Iterable[UUID]) -> dict[UUID, float]:
        """Return the seconds since the handler began, of those tasks whose started event is not written."""
        now = time.monotonic()
        return {id: now - self._began[id] for id in ids if id in self._began and id not in self._written}
