"""Run claimed attempts one after another and commit their writes, together where that is safe.

Finished attempts are committed before a handler starts that is not known to be quick or must follow its neighbours, and
every 25 ms, so that a finished task does not wait for the slow handlers after it. A task behind a slow handler waits
for that handler. A batch without database effects commits in one statement. When a commit fails, each attempt is
committed by itself and a handler that wrote runs again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import psycopg

from orchestrator.engine import task_telemetry
from orchestrator.engine.execution import failures, handler
from orchestrator.engine.execution.commit import AttemptNotOwned, Written, publish, write
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.fit import fit, time_needed
from orchestrator.engine.execution.handler import Handled, out_of_time
from orchestrator.engine.execution.pinned_flags import pin_flags
from orchestrator.engine.execution.starting import Starts, Waiting
from orchestrator.engine.execution.transaction import BatchTransaction, ConnectionLost, TransactionEnded
from orchestrator.engine.execution.worker import DELETE, Reply, Worker, reply_to
from orchestrator.engine.flags import flag_of_type
from orchestrator.model import outcome
from orchestrator.model.errors import DatabaseAway, Unavailable
from orchestrator.model.fault_injection import reach
from orchestrator.observability import logger, tracing
from orchestrator.store import steps
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import CONFLICT_TRIES, CONFLICTS, Database

#: Seconds that a finished task waits for its neighbours at most.
FLUSH_AFTER = 0.025
#: Seconds after which the messages of attempts come back whose connection was lost.
LOST_DELAY = 1.0


class BatchRun:
    """One batch of claimed attempts, from their handlers to the replies to their messages."""

    def __init__(
        self,
        worker: Worker,
        claimed: Sequence[Attempt],
        remaining: Callable[[], float],
        deliveries: Deliveries,
        *,
        isolated: bool = False,
    ) -> None:
        self._worker = worker
        self._claimed = claimed
        self._claimed_at = time.monotonic()
        self._remaining = remaining
        self._replies = deliveries.replies
        self._isolated = isolated
        self._waiting = Waiting(deliveries)
        self._starts = Starts(worker)
        self._transaction = BatchTransaction(worker.db)
        self._flags: dict[UUID, dict[str, bool]] = {}
        self._done: list[Handled] = []
        #: The attempt whose handler runs, and the attempts that are being committed.
        self._running: Attempt | None = None
        self._committing: Sequence[Handled] = ()

    def run(self) -> None:
        """Run every attempt and commit its outcome. Raise DatabaseAway when the connection is lost."""
        if not self._claimed:
            return
        self._worker.heartbeat.keep(self)
        try:
            chosen = fit(self._worker, self._claimed, self._remaining(), FLUSH_AFTER)
            self._waiting.return_these(chosen.back, self._worker.db)
            self._waiting.put(chosen.run)
            self._flags = pin_flags(self._worker, chosen.run)
            self._run_each()
            self.commit()
        except (psycopg.OperationalError, Unavailable, ConnectionLost) as error:
            self._give_back(error)
            raise DatabaseAway from error
        except BaseException:
            self._transaction.rollback()
            raise
        finally:
            self._worker.heartbeat.drop()

    def unfinished(self) -> list[Attempt]:
        """Return the attempts whose outcome is not committed."""
        return [attempt for attempt in self._claimed if attempt.id not in self._replies]

    def lose(self, ids: Collection[UUID]) -> None:
        """Log that the tasks have other attempts now: nothing of these will be committed."""
        logger.info("leases lost", extra={"attempts": len(ids)})

    def return_waiting(self, db: Database) -> None:
        """Return the attempts that have not started to the queue."""
        self._waiting.return_all(db)

    def finish(self, handled: Sequence[Handled]) -> None:
        """Commit outcomes that an earlier run could not write."""
        self._done = list(handled)
        self.commit()

    def _run_each(self) -> None:
        first_done = 0.0
        while turn := self._waiting.next():
            attempt = turn[0]
            if self._done and (self._comes_after(attempt) or time.monotonic() - first_done > FLUSH_AFTER):
                self.commit()
            self._transaction.expect(turn)
            handled = self._start(attempt)
            if handled is None:
                continue
            first_done = first_done if self._done else time.monotonic()
            self._done.append(handled)
            if self._transaction.must_end:
                self.commit()

    def _start(self, attempt: Attempt) -> Handled | None:
        """Run the handler, unless the deadline has passed or its type's flag is off.

        Return None when it could not end in time and was returned.
        """
        if attempt.overdue:
            return Handled(attempt, failures.overdue(attempt))
        flag = flag_of_type(attempt.type)
        if not self._worker.flags.enabled(flag, attempt.owner_id):
            return Handled(attempt, outcome.parked(attempt.id, attempt.token, flag))
        if self._remaining() < time_needed(self._worker, attempt.type):
            self._waiting.return_these([attempt], self._worker.db)
            return None
        if not self._defers_start(attempt):
            if not self._starts.write(attempt, self._worker.db):
                return Handled(attempt, None)
            if attempt.watched:
                self._worker.events.announce([(attempt.owner_id, attempt.traceparent)])
        task_telemetry.started(attempt, time.monotonic() - self._claimed_at)
        handled = self.run_handler(attempt)
        self._worker.note_pace(attempt.type, handled.took)
        return handled

    def _defers_start(self, attempt: Attempt) -> bool:
        """Return whether the started event is written with the outcome: the handler is known to be quick."""
        return not self._isolated and self._worker.is_quick(attempt.type, FLUSH_AFTER)

    def _comes_after(self, attempt: Attempt) -> bool:
        """Return whether the finished attempts are committed before this one starts."""
        if not self._worker.is_quick(attempt.type, FLUSH_AFTER):
            return True
        try:
            return self._worker.agents.get(attempt.type).after_neighbours
        except LookupError:
            return False

    def run_handler(self, attempt: Attempt) -> Handled:
        """Run the handler, again where Postgres chose it as the victim of a conflict.

        It may wait for locks of its neighbours, which its own savepoint does not release: they are committed first.
        """
        for tries in range(1, CONFLICT_TRIES + 1):
            try:
                return self._call(attempt)
            except CONFLICTS as error:
                self._running = None
                if tries == CONFLICT_TRIES:
                    return Handled(attempt, failures.failure(attempt, error, self._worker.rng))
                self.commit()
                late = out_of_time(self._worker, attempt, self._remaining())
                if late is not None:
                    return late
        raise AssertionError("unreachable")

    def _call(self, attempt: Attempt) -> Handled:
        started, self._running = self._starts.begin(attempt), attempt
        with tracing.span(
            f"run {attempt.type}",
            parent=attempt.traceparent,
            kind="consumer",
            task_id=str(attempt.id),
            task_type=attempt.type,
            task_attempt=attempt.attempts,
        ):
            flags = self._flags.get(attempt.id, attempt.flags or {})
            written = self._starts.is_written(attempt)
            begin = None if written else partial(self._starts.write, attempt, self._worker.side)
            handled = handler.call(self._worker, self._transaction, attempt, flags, self._remaining, begin)
            tracing.annotate(task_outcome=handled.outcome.kind if handled.outcome else "lost")
        reach("run.handled")
        self._running = None
        return replace(handled, took=time.monotonic() - started)

    def commit(self, tries: int = 1) -> None:
        """Write the finished attempts and reply to their messages; `tries` counts the writes, this one included.

        Raise ConnectionLost or OperationalError when the connection is lost.
        """
        batch, self._done = self._done, []
        handled_here = [handled for handled in batch if handled.outcome is not None]
        for handled in batch:
            if handled.outcome is None:
                self._lose(handled)
        if self._transaction.ended or not handled_here:
            self._transaction.rollback()
        if not handled_here:
            return
        if any(handled.wrote for handled in handled_here) and not self._transaction.is_open:
            self.commit_one_by_one(handled_here, TransactionEnded(), tries)
            return
        self._commit(handled_here, tries)

    def _commit(self, batch: Sequence[Handled], tries: int) -> None:
        self._committing = batch
        try:
            ran = self._starts.unwritten(handled.attempt.id for handled in batch)
            written = write(self._worker, self._transaction, batch, ran)
        except (psycopg.Error, AttemptNotOwned) as error:
            if self._transaction.is_lost() or self._worker.db.is_lost():
                raise
            self._transaction.rollback()
            self._committing = ()
            self.commit_one_by_one(batch, error, tries)
            return
        self._committing = ()
        reach("run.finished")
        self._publish(batch, written)

    def _publish(self, batch: Sequence[Handled], written: Written) -> None:
        publish(self._worker, batch, written)
        for handled in batch:
            if handled.outcome is not None:
                self._replies[handled.attempt.id] = reply_to(handled.outcome)

    def commit_one_by_one(self, batch: Sequence[Handled], error: Exception, tries: int) -> None:
        """Commit each attempt by itself; a handler that wrote runs again."""
        logger.warning("batch committed one by one", extra={"attempts": len(batch), "error": type(error).__name__})
        for handled in batch:
            single = self._again(handled) if len(batch) > 1 else self._judge(handled, error, tries)
            if single is not None:
                self._done = [single]
                self.commit(tries + 1)

    def _again(self, handled: Handled) -> Handled:
        """Return the attempt to commit by itself; a handler that wrote has run again."""
        if not handled.wrote:
            return handled
        self._transaction.expect([handled.attempt])
        return out_of_time(self._worker, handled.attempt, self._remaining()) or self.run_handler(handled.attempt)

    def _judge(self, handled: Handled, error: Exception, tries: int) -> Handled | None:
        """Return the outcome to commit after a failed commit of one attempt; None when another one owns the task."""
        attempt = handled.attempt
        if isinstance(error, CONFLICTS) and tries < CONFLICT_TRIES:
            return self._again(handled)
        if isinstance(error, AttemptNotOwned):
            _, handled_here = self._worker.db.run(steps.attempt_state, attempt.id, attempt.token)
            if not handled_here:
                self._lose(handled)
                return None
            error = TransactionEnded()
        if tries > CONFLICT_TRIES + 1:
            raise error  # the database refuses even the engine's own error text
        if not handled.wrote and handled.outcome is not None and handled.outcome.error is not None:
            error = RuntimeError("the database refused the error of this attempt")
        return Handled(attempt, failures.failure(attempt, error, self._worker.rng))

    def _lose(self, handled: Handled) -> None:
        self._replies[handled.attempt.id] = DELETE
        task_telemetry.lost(handled.attempt)

    def _give_back(self, error: Exception) -> None:
        """Keep the outcomes of attempts whose connection was lost, to be written when the database is back.

        A loss is blamed on the handler that ran, or on those whose effects were being committed.
        """
        self._transaction.rollback()
        blamed = {self._running.id} if self._running else {h.attempt.id for h in self._committing if h.wrote}
        unfinished = self.unfinished()
        logger.warning("connection lost, attempts given back", extra={"attempts": len(unfinished)})
        for attempt in unfinished:
            given_back = (
                failures.disconnected(attempt, error, self._worker.rng)
                if attempt.id in blamed
                else outcome.later(attempt.id, attempt.token, "the database was away", 0.0)
            )
            self._worker.orphans.append(Handled(attempt, given_back))
            self._replies[attempt.id] = Reply(LOST_DELAY)
