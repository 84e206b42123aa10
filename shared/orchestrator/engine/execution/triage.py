"""Where a message goes whose task could not be claimed with its batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from orchestrator.aws.queues import Wake
from orchestrator.engine import task_telemetry
from orchestrator.engine.dead_letter_queue import send_dead_letters
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.flags import flag_of_type
from orchestrator.engine.joins import end_leases
from orchestrator.model.states import Status
from orchestrator.observability import logger, metrics
from orchestrator.store import attempts, dead_letters
from orchestrator.store.attempts import Sight


@dataclass(frozen=True, slots=True)
class Placed:
    """`alone`: run it by itself now. Otherwise `hide` the message for so many seconds, or be done with it (None)."""

    task_id: UUID
    hide: float | None = None
    alone: Sight | None = None


def place(worker: Worker, left: Mapping[UUID, Sequence[Message]], held: Collection[str]) -> Iterator[Placed]:
    """One answer a task, whose messages are given. None of them costs the task an attempt."""
    sights = worker.db.run(attempts.look, list(left))
    for task_id, messages in left.items():
        sight = sights.get(task_id)
        if sight is None:
            logger.warning("message for a task that does not exist", extra={"task_id": str(task_id)})
            yield Placed(task_id)
        else:
            yield _place_one(worker, messages, sight, held)


def _place_one(worker: Worker, messages: Sequence[Message], sight: Sight, held: Collection[str]) -> Placed:
    match sight.status:
        case Status.COMPLETED | Status.FAILED | Status.CANCELLED:
            return Placed(sight.id)
        case Status.DEAD_LETTER:
            return _place_dead(worker, messages, sight)
        case Status.PROCESSING:
            return _place_leased(worker, sight)
        case Status.PENDING:
            return _place_pending(worker, sight, held)
        case _:
            assert_never(sight.status)


def _place_dead(worker: Worker, messages: Sequence[Message], sight: Sight) -> Placed:
    if not any(_revives(message, sight) for message in messages):
        return Placed(sight.id)
    if not worker.db.run(dead_letters.revive_death, sight.id, sight.seq, "queue redrive"):
        return Placed(sight.id)
    return Placed(sight.id, alone=sight)


def _revives(message: Message, sight: Sight) -> bool:
    """Whether a message came back from the dead-letter queue, and not from an earlier death or a late wake-up.

    One sent by hand says nothing of itself: it does if newer than the death.
    """
    if message.death is not None:
        return message.death == sight.seq
    return sight.dead_ms is not None and message.sent_ms > sight.dead_ms


def _place_leased(worker: Worker, sight: Sight) -> Placed:
    if sight.lease_left is not None and sight.lease_left > 0:
        return Placed(sight.id, hide=sight.lease_left + 1.0)
    ended, parents = worker.db.run(end_leases, [sight.id])
    worker.queue.send([Wake.of(task) for task in parents])
    task_telemetry.leases_ended(ended)
    if any(task.status is Status.DEAD_LETTER for task in ended):
        send_dead_letters(worker, [Wake.of(task, death=task.seq) for task in ended])
        return Placed(sight.id)
    return Placed(sight.id, alone=sight)


def _place_pending(worker: Worker, sight: Sight, held: Collection[str]) -> Placed:
    if sight.parked_by is not None:
        return Placed(sight.id)
    if sight.due_in is None or (sight.waiting_for is not None and sight.due_in > 0):
        return Placed(sight.id)
    if sight.due_in > 0:
        return Placed(sight.id, hide=sight.due_in)
    if sight.type in held:
        worker.db.run(attempts.park, sight.id, flag_of_type(sight.type))
        metrics.count("Parked", sight.type)
        return Placed(sight.id)
    return Placed(sight.id, alone=sight)
