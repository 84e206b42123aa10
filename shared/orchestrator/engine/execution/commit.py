"""Write the effects, results, children and events of handlers, and publish them after the commit.

Every row is fenced by its attempt's token. When another attempt owns a row, nothing of its handler may last, so the
transaction is rolled back and the other attempts are committed one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator.aws.queues import TaskMessage
from orchestrator.engine import task_telemetry
from orchestrator.engine.dead_letter_queue import send_dead_letters
from orchestrator.engine.execution.handler import Handled
from orchestrator.engine.execution.transaction import BatchTransaction
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.submit import publish_accepted
from orchestrator.engine.unique import Accepted, accept
from orchestrator.model.outcome import Outcome, WaitKind
from orchestrator.model.states import Status
from orchestrator.store import attempts, budgets, children, steps, waits
from orchestrator.store.attempts import Finished
from orchestrator.store.connection import Connection
from orchestrator.store.tasks import RunnableTask


class AttemptNotOwned(Exception):
    """Another attempt owns a row although its handler had written, or the handler had ended the transaction."""


@dataclass(frozen=True, slots=True)
class Written:
    """The finished rows, and the tasks that can run because of them."""

    finished: list[Finished]
    runnable: list[RunnableTask]
    accepted: list[Accepted] = field(default_factory=list)


def write(
    worker: Worker, transaction: BatchTransaction, batch: Sequence[Handled], ran: Mapping[UUID, float]
) -> Written:
    """Write and commit the outcomes of `batch`. Raise AttemptNotOwned when one that wrote has lost its lease.

    `ran`: by task, the seconds since the handler began, where its started event is not written yet.
    """
    outcomes = [handled.outcome for handled in batch if handled.outcome is not None]
    waiting = {each.task_id: each for each in outcomes if each.suspended is not None}
    linked = any(h.children or h.unique or h.join or h.attempt.parent_id for h in batch)
    if not (transaction.is_open or waiting or linked):
        return Written(worker.db.run(attempts.finish, outcomes, ran=ran, started=worker.started_event), [])
    connection = transaction.begin()
    runnable = _write_children(connection, batch)
    finished = attempts.finish(connection, outcomes, transaction.marker, ran=ran, started=worker.started_event)
    written = {row.id for row in finished}
    if any((h.wrote or h.children or h.unique) and h.attempt.id not in written for h in batch):
        raise AttemptNotOwned
    if transaction.marker is not None and outcomes and not finished:
        raise AttemptNotOwned
    if waiting:
        runnable += _begin_waits(connection, [waiting[row.id] for row in finished if row.id in waiting])
    parents = {row.parent_id for row in finished if row.parent_id and row.status is not Status.PENDING}
    # A parent that waits again: the last of its children may have finished meanwhile without waking it.
    parents |= {h.attempt.id for h in batch if h.join is not None and h.calls is None}
    if parents:
        runnable.extend(children.wake_parents(connection, parents))
    accepted = _submit_unique(connection, batch)
    transaction.commit()
    return Written(finished, runnable, accepted)


def _submit_unique(connection: Connection, batch: Sequence[Handled]) -> list[Accepted]:
    """Submit after the outcomes, so that a task can submit its own successor; in one order, against deadlocks."""
    asked = [each for handled in batch for each in handled.unique]
    asked.sort(key=lambda each: (each[0].owner_id, each[0].type, each[1].key))
    return [accept(connection, new, unique) for new, unique in asked]


def _write_children(connection: Connection, batch: Sequence[Handled]) -> list[RunnableTask]:
    for handled in batch:
        if handled.join is not None and handled.calls is not None:
            steps.begin_wait(connection, handled.attempt.id, handled.attempt.token, handled.join, handled.calls)
    new_children = [child for handled in batch for child in handled.children]
    return children.insert_children(connection, new_children) if new_children else []


def _begin_waits(connection: Connection, waiting: Sequence[Outcome]) -> list[RunnableTask]:
    """Store the waits of rows that are written and so locked; return the tasks whose wait is over already."""
    for outcome in waiting:
        if outcome.suspended is not None:
            waits.begin_wait(connection, outcome.task_id, outcome.token, outcome.suspended)
    answerable = _of_kinds(waiting, "signal", "approval")
    woken = waits.wake_answered(connection, answerable) if answerable else []
    over_budget = _of_kinds(waiting, "budget")
    return [*woken, *(budgets.wake_marked(connection, over_budget) if over_budget else [])]


def _of_kinds(waiting: Sequence[Outcome], *kinds: WaitKind) -> list[UUID]:
    return [each.task_id for each in waiting if each.suspended is not None and each.suspended.kind in kinds]


def publish(worker: Worker, batch: Sequence[Handled], written: Written) -> None:
    """Send messages and notifications after the commit; the sweeper repairs all of it if the worker dies here."""
    freed = Counter((row.owner_id, row.type) for row in written.finished if _is_limited(worker, row))
    runnable = [*written.runnable, *(worker.db.run(attempts.next_limited, freed) if freed else [])]
    if runnable:
        worker.queue.send([TaskMessage.of(task) for task in runnable])
    if written.accepted:
        publish_accepted(worker.queue, written.accepted)
    ran = {handled.attempt.id: handled.attempt for handled in batch}
    dead = [row for row in written.finished if row.status is Status.DEAD_LETTER]
    send_dead_letters(worker, [TaskMessage.of(ran[row.id], dead_seq=row.seq) for row in dead])
    task_telemetry.finished(batch, written.finished)
    watched = [(row.owner_id, ran[row.id].traceparent) for row in written.finished if row.watched]
    if watched:
        worker.events.announce(watched)


def _is_limited(worker: Worker, row: Finished) -> bool:
    try:
        return worker.agents.get(row.type).limit_per_owner is not None
    except LookupError:
        return False
