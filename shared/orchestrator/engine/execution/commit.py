"""Commits what handlers left: effects, results, children and events in one transaction, then tells the world.

Every row is fenced by its attempt's token. When a row turns out not to be ours, nothing of its handler may last, so
the transaction is given up and the others run again by themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from psycopg import errors as pg

from orchestrator.aws.queues import LONGEST_INVISIBILITY, Wake
from orchestrator.engine import task_telemetry
from orchestrator.engine.dead_letter_queue import send_dead_letters
from orchestrator.engine.execution.handler import Handled, Surroundings, failure, handle, out_of_time
from orchestrator.engine.execution.transaction import BatchTransaction
from orchestrator.engine.execution.worker import Worker
from orchestrator.model.fault_injection import reach
from orchestrator.model.outcome import Outcome
from orchestrator.model.states import Status
from orchestrator.observability import logger
from orchestrator.store import attempts, children, steps
from orchestrator.store.attempts import Finished
from orchestrator.store.connection import CONFLICT_TRIES, CONFLICTS, Connection
from orchestrator.store.tasks import RunnableTask

Replies = dict[Any, float | None]
#: What is wrong with data rather than with the connection: one task's fault, never its neighbours'.
FAULTY_DATA = (pg.DataError, pg.IntegrityError, pg.InternalError_, pg.ProgrammingError)


def commit(
    worker: Worker,
    transaction: BatchTransaction,
    done: list[Handled],
    around: Surroundings,
    replies: Replies,
    tries: int = 1,
) -> None:
    """Writes and empties `done`; answers its messages. Raises OperationalError when the connection is lost.

    `tries`: so many times it has been tried, this one included.
    """
    batch, done[:] = list(done), []
    ours = [handled for handled in batch if handled.outcome is not None]
    for handled in batch:
        if handled.outcome is None:
            replies[handled.attempt.id] = None
            task_telemetry.lost(handled.attempt)
    if not ours:
        transaction.rollback()
        return
    try:
        finished, wakes = _write(worker, transaction, ours)
    except (*FAULTY_DATA, *CONFLICTS, _NotOurs) as error:
        transaction.rollback()
        _one_by_one(worker, ours, error, around, replies, tries)
        return
    reach("run.finished")
    _after(worker, ours, finished, wakes, replies)


class _NotOurs(Exception):
    """A row was not ours any more although its handler had written."""


def _write(
    worker: Worker, transaction: BatchTransaction, batch: Sequence[Handled]
) -> tuple[list[Finished], list[RunnableTask]]:
    """The finished rows, and the tasks to wake."""
    outcomes = [handled.outcome for handled in batch if handled.outcome is not None]
    if not transaction.is_open and not any(h.children or h.wait or h.attempt.parent_id for h in batch):
        return worker.db.run(attempts.finish, outcomes), []
    connection = transaction.begin()
    wakes = _write_children(connection, batch)
    finished = attempts.finish(connection, outcomes)
    written = {row.id for row in finished}
    if any((h.wrote or h.children) and h.attempt.id not in written for h in batch):
        raise _NotOurs
    parents = {row.parent_id for row in finished if row.parent_id and row.status is not Status.PENDING}
    # One that waits again: the last of its children may have finished while it looked, and woken nobody.
    parents |= {h.attempt.id for h in batch if h.wait is not None and not h.wait.first}
    if parents:
        wakes.extend(children.wake_parents(connection, parents))
    transaction.commit()
    return finished, wakes


def _write_children(connection: Connection, batch: Sequence[Handled]) -> list[RunnableTask]:
    for handled in batch:
        wait = handled.wait
        if wait is not None and wait.first:
            steps.begin_wait(connection, handled.attempt.id, handled.attempt.token, wait.name, wait.deadline)
    new_children = [child for handled in batch for child in handled.children]
    return children.insert_children(connection, new_children) if new_children else []


def _one_by_one(
    worker: Worker, batch: Sequence[Handled], error: Exception, around: Surroundings, replies: Replies, tries: int
) -> None:
    """Each task by itself: what had effects runs again, what fails by itself has failed."""
    logger.warning("batch committed one by one", extra={"attempts": len(batch), "error": type(error).__name__})
    for handled in batch:
        _by_itself(worker, handled, error if len(batch) == 1 else None, around, replies, tries)


def _by_itself(
    worker: Worker, handled: Handled, error: Exception | None, around: Surroundings, replies: Replies, tries: int
) -> None:
    attempt, transaction = handled.attempt, around.transaction
    if isinstance(error, _NotOurs):
        replies[attempt.id] = None
        task_telemetry.lost(attempt)
        return
    if error is not None and (isinstance(error, FAULTY_DATA) or tries >= CONFLICT_TRIES):
        if not handled.wrote and not handled.children and handled.outcome and handled.outcome.error:
            raise error  # our own words were refused: a fault of the engine or the database, not of the task
        single = Handled(attempt, failure(attempt, error, around.rng))
    elif handled.wrote:
        transaction.expect([attempt])
        single = out_of_time(attempt, around) or handle(attempt, around)
    else:
        single = handled
    if single is not handled or error is None or isinstance(error, CONFLICTS):
        commit(worker, transaction, [single], around, replies, tries + 1)


def _after(
    worker: Worker,
    batch: Sequence[Handled],
    finished: Sequence[Finished],
    wakes: list[RunnableTask],
    replies: Replies,
) -> None:
    """What the world is told after the commit; all of it is repaired by the sweeper if we die here."""
    freed = Counter((row.owner_id, row.type) for row in finished if _is_limited(worker, row))
    if freed:
        wakes = [*wakes, *worker.db.run(attempts.next_limited, freed)]
    if wakes:
        worker.queue.send([Wake.of(task) for task in wakes])
    ran = {handled.attempt.id: handled.attempt for handled in batch}
    send_dead_letters(
        worker, [Wake.of(ran[row.id], death=row.seq) for row in finished if row.status is Status.DEAD_LETTER]
    )
    task_telemetry.finished(batch, finished)
    watched = [(row.owner_id, ran[row.id].traceparent) for row in finished if row.watched]
    if watched:
        worker.events.announce(watched)
    for handled in batch:
        if handled.outcome is not None:
            replies[handled.attempt.id] = _reply(handled.outcome)


def _is_limited(worker: Worker, row: Finished) -> bool:
    try:
        return worker.agents.get(row.type).limit_per_owner is not None
    except LookupError:
        return False


def _reply(outcome: Outcome) -> float | None:
    """Seconds to hide the message; None when it is done with: the task is over, parked or waits elsewhere."""
    if outcome.status is not Status.PENDING or outcome.parked_by or outcome.waiting_for or outcome.delay is None:
        return None
    return float(math.ceil(outcome.delay)) if outcome.delay <= LONGEST_INVISIBILITY else None
