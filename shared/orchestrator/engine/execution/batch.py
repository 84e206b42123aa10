"""Runs claimed attempts one after another and commits them together.

What has finished is committed before a handler starts that is not known to be quick or comes after its neighbours, and
every 25 ms, so that a fast task never waits for a slow neighbour. A batch without database effects commits in one
statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias
from uuid import UUID

import psycopg

from orchestrator.engine.execution.commit import commit
from orchestrator.engine.execution.handler import Handled, Surroundings, handle, out_of_time
from orchestrator.engine.execution.transaction import BatchTransaction, ConnectionLost
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.flags import flag_of_type
from orchestrator.model import outcome
from orchestrator.model.errors import Unavailable
from orchestrator.observability import logger, tracing
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt

#: By task: None when its message is done with, else the seconds to hide it for.
Replies: TypeAlias = dict[UUID, float | None]

#: Seconds that a finished task waits for its neighbours at most.
FLUSH_AFTER = 0.025


def run_claimed(worker: Worker, claimed: Sequence[Attempt], remaining: Callable[[], float], replies: Replies) -> None:
    """Runs attempts and writes what became of them. Raises Unavailable when the database is away."""
    if not claimed:
        return
    transaction = BatchTransaction(worker.db)
    done: list[Handled] = []
    try:
        around = _surroundings(
            worker,
            transaction,
            remaining,
            _flags(worker, claimed),
            settle=lambda: commit(worker, transaction, done, around, replies),
        )
        _run_each(worker, claimed, around, done, replies)
        commit(worker, transaction, done, around, replies)
    except (psycopg.OperationalError, Unavailable, ConnectionLost) as error:
        # The transaction is gone and every effect with it: the attempts are given back, at no cost.
        transaction.rollback()
        unfinished = [attempt for attempt in claimed if attempt.id not in replies]
        logger.warning("connection lost, attempts given back", extra={"attempts": len(unfinished)})
        worker.orphans.extend(unfinished)
        for attempt in unfinished:
            replies[attempt.id] = 1.0
        raise Unavailable("The database connection was lost.") from error
    except BaseException:
        transaction.rollback()
        raise


def _run_each(
    worker: Worker,
    claimed: Sequence[Attempt],
    around: Surroundings,
    done: list[Handled],
    replies: Replies,
) -> None:
    first_done = 0.0
    for index, attempt in enumerate(claimed):
        if done and (_comes_after(worker, attempt) or time.monotonic() - first_done > FLUSH_AFTER):
            commit(worker, around.transaction, done, around, replies)
        around.transaction.expect(claimed[index:])
        handled = _start(worker, attempt, around)
        first_done = first_done if done else time.monotonic()
        done.append(handled)


def _start(worker: Worker, attempt: Attempt, around: Surroundings) -> Handled:
    """The handler, unless its type is switched off for its owner or it could not end in time."""
    if not worker.flags.enabled(flag_of_type(attempt.type), attempt.owner_id):
        return Handled(attempt, outcome.parked(attempt.id, attempt.token, flag_of_type(attempt.type)))
    late = out_of_time(attempt, around)
    if late is not None:
        return late
    if not worker.is_quick(attempt.type, FLUSH_AFTER) and attempt.watched:
        worker.events.announce([(attempt.owner_id, attempt.traceparent)])
    handled = handle(attempt, around)
    worker.note_pace(attempt.type, handled.took)
    return handled


def _comes_after(worker: Worker, attempt: Attempt) -> bool:
    """Whether what has finished is committed before it starts: it may take its time, or take back what they tell."""
    if not worker.is_quick(attempt.type, FLUSH_AFTER):
        return True
    try:
        return worker.agents.get(attempt.type).after_neighbours
    except LookupError:
        return False


def _flags(worker: Worker, claimed: Sequence[Attempt]) -> dict[UUID, dict[str, bool]]:
    """The flag values of each attempt whose agent reads flags: those of its task's first attempt."""
    values: dict[UUID, dict[str, bool]] = {}
    fresh = []
    for attempt in claimed:
        names, opt_in = _flag_names(worker, attempt)
        if (names or opt_in) and attempt.flags is None:
            owner = attempt.owner_id
            values[attempt.id] = dict(worker.flags.values(names, owner)) | {
                name: worker.flags.enabled(name, owner, default=False) for name in opt_in
            }
            fresh.append((attempt, values[attempt.id]))
    if fresh:
        worker.db.run(attempts.pin_flags, fresh)
    return values


def _flag_names(worker: Worker, attempt: Attempt) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The flags the type's agent reads: those on by default and those off by default."""
    try:
        agent = worker.agents.get(attempt.type)
    except LookupError:
        return (), ()
    return agent.flags, agent.opt_in


def _surroundings(
    worker: Worker,
    transaction: BatchTransaction,
    remaining: Callable[[], float],
    flags: dict[UUID, dict[str, bool]],
    settle: Callable[[], None],
) -> Surroundings:
    return Surroundings(
        agents=worker.agents,
        side=worker.side,
        transaction=transaction,
        remaining=remaining,
        announce=lambda owner: worker.events.announce([(owner, tracing.current())]),
        rng=worker.rng,
        flags=flags,
        settle=settle,
    )
