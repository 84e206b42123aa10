"""Keeps the leases of a worker's attempts while their handlers run, on a connection and a thread of its own.

A lease is short, so a dead worker is noticed soon; a living worker renews it. A batch of quick handlers ends before the
first renewal and costs nothing but the assignment of `keep`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

import psycopg

from orchestrator.model.errors import Unavailable
from orchestrator.model.fault_injection import reach
from orchestrator.observability import logger
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Database

#: Seconds that an attempt is leased for, and after which its lease is renewed.
LEASE, RENEW_AFTER = 60.0, 20.0
#: Seconds that a claimed attempt waits for its neighbours before it is returned to the queue.
PATIENCE = 2.0
#: Seconds between two checks of the thread, and the checks without an attempt after which it ends.
TICK, IDLE_TICKS = 1.0, 30


class Run(Protocol):
    """Attempts that one worker has claimed together."""

    def unfinished(self) -> Sequence[Attempt]:
        """Return the attempts whose outcome is not committed."""

    def lose(self, ids: Collection[UUID]) -> None:
        """Note that other attempts own these tasks now, or that they were cancelled."""

    def return_waiting(self, db: Database) -> None:
        """Return the attempts that have not started to the queue."""


class Heartbeat:
    """The leases of one worker container. `db` is a connection that nothing else uses."""

    def __init__(self, db: Database, *, thread: bool = True) -> None:
        self._db = db
        self._threaded = thread
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._clock = threading.Event()  # never set: to wait on it is to sleep
        self._run: Run | None = None
        self._claimed = self._renewed = 0.0

    def keep(self, run: Run) -> None:
        """Keep the leases of these attempts from now on."""
        self._claimed = self._renewed = time.monotonic()
        self._run = run
        if self._threaded:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._tick, name="heartbeat", daemon=True)
                    self._thread.start()

    def drop(self) -> None:
        """Keep no lease any more."""
        self._run = None

    def beat(self, now: float) -> None:
        """Do what is due at `now` (monotonic seconds): return waiting attempts, renew leases."""
        run = self._run
        if run is None:
            return
        try:
            if now - self._claimed >= PATIENCE:
                run.return_waiting(self._db)
            if now - self._renewed >= RENEW_AFTER:
                self.renew(run)
                self._renewed = now
        except (psycopg.Error, Unavailable) as error:
            logger.warning("leases not renewed", extra={"error": type(error).__name__})

    def renew(self, run: Run) -> None:
        """Extend the leases of the run's attempts, and note which are lost."""
        unfinished = run.unfinished()
        if not unfinished:
            return
        renewed = self._db.run(attempts.renew, unfinished, LEASE)
        reach("run.renewed")
        if len(renewed) < len(unfinished):
            run.lose({attempt.id for attempt in unfinished} - renewed)

    def _tick(self) -> None:
        idle = 0
        while True:
            self._clock.wait(TICK)
            self.beat(time.monotonic())
            idle = idle + 1 if self._run is None else 0
            with self._lock:
                if idle >= IDLE_TICKS:
                    self._db.close()
                    self._thread = None
                    return


class NoHeartbeat(Heartbeat):
    """Renew no lease: for a run that is shorter than one."""

    def __init__(self) -> None:
        """Need no connection."""

    def keep(self, run: Run) -> None:
        """Keep nothing."""

    def drop(self) -> None:
        """Keep nothing."""

    def beat(self, now: float) -> None:
        """Do nothing."""
