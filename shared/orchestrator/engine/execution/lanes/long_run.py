"""Runs claimed attempts of the long lane side by side, each in a thread with its own batch of one.

A thread runs a plain function itself and waits for an `async def` handler, which runs on the container's event loop.
Each attempt is finished and committed by its thread as soon as its handler ends. The main thread ends attempts whose
time is up: it cancels the coroutine, and writes the outcome by the attempt's token when the thread goes on. The fence
keeps that thread from writing anything.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from uuid import UUID

import psycopg

from orchestrator.engine.agents import Agent
from orchestrator.engine.context import Context
from orchestrator.engine.execution import failures
from orchestrator.engine.execution.batch import LOST_DELAY, BatchRun
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.handler import Handled
from orchestrator.engine.execution.heartbeat import NoHeartbeat
from orchestrator.engine.execution.lanes.invocation import invoke
from orchestrator.engine.execution.lanes.pool import PooledDatabase
from orchestrator.engine.execution.transaction import ConnectionLost
from orchestrator.engine.execution.worker import Reply, Worker
from orchestrator.engine.limits.claims import wake
from orchestrator.model.errors import Blocked, Continued, HandlerTimeout, Interrupted, LeaseLost, Unavailable
from orchestrator.model.fault_injection import ProcessKilled
from orchestrator.observability import logger, metrics
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Database

#: Seconds in which an event loop answers that no handler blocks.
GRACE = 0.5
#: Seconds after the time limit at which the outcome of a handler that goes on is written without it.
ABANDON_AFTER = 1.0
#: Seconds between two checks of the clock.
CHECK = 0.25


@dataclass(slots=True, eq=False)
class Slot:
    """One attempt that runs. `ends`: when its time is up (monotonic), from when its handler began."""

    attempt: Attempt
    worker: Worker
    deliveries: Deliveries
    databases: tuple[PooledDatabase, PooledDatabase]
    #: The limits that count the attempt.
    keys: Collection[str] = ()
    ends: float | None = None
    agent: Agent | None = None
    context: Context | None = None
    future: Future[object] | None = None
    interruption: Interrupted | None = None
    error: BaseException | None = None

    def interrupt(self, error: Interrupted) -> None:
        """End the handler at its next call of the context, or at its next await."""
        self.interruption = error
        if self.context is not None:
            self.context.interrupt(error)
        if self.future is not None:
            self.future.cancel()

    def begin(self, agent: Agent, context: Context) -> None:
        """Note that the handler begins; it may be interrupted already."""
        self.agent, self.context = agent, context
        self.ends = time.monotonic() + context.remaining()
        if self.interruption is not None:
            context.interrupt(self.interruption)

    def begin_async(self, future: Future[object]) -> None:
        """Note the future of an `async def` handler, which can cancel it."""
        self.future = future
        if self.interruption is not None:
            future.cancel()


class LongRun:
    """The attempts of one invocation of the long lane."""

    def __init__(
        self,
        worker: Worker,
        claimed: Sequence[Attempt],
        remaining: Callable[[], float],
        deliveries: Deliveries,
        keys: Mapping[UUID, Collection[str]],
    ) -> None:
        """`keys`: of the limits that count each attempt."""
        if worker.pool is None:
            raise RuntimeError("a worker of the long lane needs a pool of connections")
        self._worker = worker
        self._remaining = remaining
        self._deliveries = deliveries
        self._pool = worker.pool
        #: Whether a handler kept the event loop: the next invocation gets another.
        self._blocked_loop = False
        self._ended: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        self._slots = [self._slot(attempt, keys.get(attempt.id, ())) for attempt in claimed]

    def run(self) -> None:
        """Run every attempt until its outcome is written. Raise DatabaseAway when that failed for one."""
        self._worker.heartbeat.keep(self)
        metrics.gauge("SlotsInUse", len(self._slots))
        errors: list[BaseException] = []
        try:
            for slot in self._slots:
                self._worker.start(partial(self._work, slot))
            while self._slots:
                self._end_overdue()
                error = self._collect()
                if error is not None:
                    errors.append(error)
        finally:
            self._worker.heartbeat.drop()
            if self._blocked_loop:
                self._worker.loop.replace()
        if errors:
            raise errors[0]

    def unfinished(self) -> list[Attempt]:
        """Return the attempts whose outcome is not committed."""
        return [slot.attempt for slot in list(self._slots)]

    def lose(self, ids: Collection[UUID]) -> None:
        """End the handlers of tasks that other attempts own now, or that were cancelled."""
        for slot in list(self._slots):
            if slot.attempt.id in ids:
                slot.interrupt(LeaseLost("another attempt owns the task"))

    def return_waiting(self, db: Database) -> None:
        """Return nothing: every attempt starts at once."""

    def _slot(self, attempt: Attempt, keys: Collection[str]) -> Slot:
        databases = PooledDatabase(self._pool), PooledDatabase(self._pool)
        messages = self._deliveries.by_task.get(attempt.id, [])
        worker = replace(self._worker, db=databases[0], side=databases[1], heartbeat=NoHeartbeat(), orphans=[])
        slot = Slot(attempt, worker, Deliveries(worker, messages), databases, keys)
        worker.invoke = self._invoker(slot)
        return slot

    def _invoker(self, slot: Slot) -> Callable[[Agent, Context, object], object]:
        def call(agent: Agent, context: Context, payload: object) -> object:
            slot.begin(agent, context)
            return invoke(agent, context, payload, loop=self._worker.loop, begun=slot.begin_async)

        return call

    def _work(self, slot: Slot) -> None:
        try:
            BatchRun(slot.worker, [slot.attempt], self._remaining, slot.deliveries, isolated=True).run()
            wake(slot.worker.db, slot.worker.queue, slot.keys)
        except ProcessKilled:
            raise
        except BaseException as error:
            slot.error = error
        finally:
            for database in slot.databases:
                database.give_back()
            self._ended.put(slot)

    def _collect(self) -> BaseException | None:
        """Take the reply of an attempt that ended; return what kept it from being written."""
        try:
            slot = self._ended.get(timeout=CHECK)
        except queue.Empty:
            return None
        if slot not in self._slots:
            return None  # its time was up, and its outcome is written
        self._slots.remove(slot)
        self._worker.orphans.extend(slot.worker.orphans)
        self._deliveries.replies.update(slot.deliveries.replies)
        return slot.error

    def _end_overdue(self) -> None:
        now, answers = time.monotonic(), cache(lambda: self._worker.loop.answers(GRACE))
        for slot in list(self._slots):
            if slot.ends is None or slot.agent is None or now < slot.ends:
                continue
            if slot.interruption is None:
                slot.interrupt(self._end_of(slot, slot.agent, answers))
            elif now > slot.ends + ABANDON_AFTER:
                self._abandon(slot, slot.agent)

    def _end_of(self, slot: Slot, agent: Agent, loop_answers: Callable[[], bool]) -> Interrupted:
        """Return the interruption of a handler whose time is up.

        A neighbour of a handler that blocks the event loop is released. The second time its task becomes suspected and
        runs isolated, so that the handler that blocks is found. An `async def` handler that got further continues.
        """
        if slot.future is not None and not loop_answers():
            self._blocked_loop = True
            if not slot.attempt.alone and self._worker.loop.is_used_by_other(slot.future):
                return Blocked("another handler blocked the event loop")
        if agent.is_async and slot.context is not None and slot.context.advanced:
            return Continued("the time limit")
        return HandlerTimeout(f"ran longer than {agent.timeout:g} s")

    def _abandon(self, slot: Slot, agent: Agent) -> None:
        """Write the timeout of an attempt whose thread goes on."""
        self._slots.remove(slot)
        if slot.context is not None:
            slot.context.close()
        logger.warning("handler goes on after its time limit", extra=slot.attempt.log_context())
        end = failures.failure(slot.attempt, HandlerTimeout(f"ran longer than {agent.timeout:g} s"), self._worker.rng)
        handled = Handled(slot.attempt, end, took=agent.timeout)
        try:
            BatchRun(self._worker, (), self._remaining, self._deliveries).finish([handled])
        except (psycopg.OperationalError, Unavailable, ConnectionLost):
            self._worker.orphans.append(handled)
            self._deliveries.replies[slot.attempt.id] = Reply(LOST_DELAY)
        else:
            with suppress(psycopg.OperationalError, Unavailable):  # the sweeper wakes them too
                wake(self._worker.db, self._worker.queue, slot.keys)
