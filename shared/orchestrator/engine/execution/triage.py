"""Decides about the messages whose tasks could not be claimed with their batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from orchestrator.aws.queues import LONGEST_DELAY, TaskMessage
from orchestrator.engine import task_telemetry
from orchestrator.engine.dead_letter_queue import send_dead_letters
from orchestrator.engine.execution.worker import DELETE, Message, Reply, Source, Worker
from orchestrator.engine.flags import flag_of_type
from orchestrator.engine.joins import end_leases
from orchestrator.model.states import Status
from orchestrator.observability import logger, metrics
from orchestrator.store import attempts, dead_letters
from orchestrator.store.attempts import UnclaimedTask


@dataclass(frozen=True, slots=True)
class Placement:
    """Run the task `isolated` now; without that, `reply` to its messages."""

    task_id: UUID
    reply: Reply = DELETE
    isolated: UnclaimedTask | None = None


def triage(worker: Worker, left: Mapping[UUID, Sequence[Message]], paused: Collection[str]) -> Iterator[Placement]:
    """Yield one placement for each task, whose messages are given. None of them spends an attempt."""
    sights = worker.db.run(attempts.find_unclaimed, list(left))
    for task_id, messages in left.items():
        sight = sights.get(task_id)
        if sight is None:
            logger.warning("message for a task that does not exist", extra={"task_id": str(task_id)})
            yield Placement(task_id)
        else:
            yield _triage(worker, messages, sight, paused)


def _triage(worker: Worker, messages: Sequence[Message], sight: UnclaimedTask, paused: Collection[str]) -> Placement:
    match sight.status:
        case Status.COMPLETED | Status.FAILED | Status.CANCELLED:
            return Placement(sight.id)
        case Status.DEAD_LETTER:
            return _triage_dead_letter(worker, messages, sight)
        case Status.PROCESSING:
            return _triage_leased(worker, sight)
        case Status.PENDING:
            return _triage_pending(worker, sight, paused)
        case _:
            assert_never(sight.status)


def _triage_dead_letter(worker: Worker, messages: Sequence[Message], sight: UnclaimedTask) -> Placement:
    if not any(_redrives(message, sight) for message in messages):
        return Placement(sight.id)
    if not worker.db.run(dead_letters.redrive_one, sight.id, sight.seq, "queue redrive"):
        return Placement(sight.id)
    return Placement(sight.id, isolated=sight)


def _redrives(message: Message, sight: UnclaimedTask) -> bool:
    """Return whether a message redrives the dead letter: not one of an earlier dead letter, nor a late task message.

    A message that an operator sent by hand does when it is newer than the dead letter.
    """
    match message.source:
        case Source.DEAD_LETTER_QUEUE:
            return message.dead_seq == sight.seq
        case Source.TASK_QUEUE:
            return False
        case Source.UNKNOWN:
            return sight.dead_ms is not None and message.sent_ms > sight.dead_ms
        case _:
            assert_never(message.source)


def _triage_leased(worker: Worker, sight: UnclaimedTask) -> Placement:
    if sight.lease_left is not None and sight.lease_left > 0:
        return Placement(sight.id, Reply(sight.lease_left + 1.0))
    ended, parents = worker.db.run(end_leases, [sight.id])
    worker.queue.send([TaskMessage.of(task) for task in parents])
    task_telemetry.leases_ended(ended)
    if any(task.status is Status.DEAD_LETTER for task in ended):
        send_dead_letters(worker, [TaskMessage.of(task, dead_seq=task.seq) for task in ended])
        return Placement(sight.id)
    return Placement(sight.id, isolated=sight)


def _triage_pending(worker: Worker, sight: UnclaimedTask, paused: Collection[str]) -> Placement:
    if sight.parked_by is not None:
        return Placement(sight.id)
    if sight.due_in is None or (sight.waiting_for is not None and sight.due_in > 0):
        return Placement(sight.id)
    if sight.awaits is not None and sight.due_in > LONGEST_DELAY:
        return Placement(sight.id)
    if sight.due_in > 0:
        return Placement(sight.id, Reply(sight.due_in))
    if sight.type in paused:
        worker.db.run(attempts.park, sight.id, flag_of_type(sight.type))
        metrics.count("Parked", sight.type)
        return Placement(sight.id)
    return Placement(sight.id, isolated=sight)
