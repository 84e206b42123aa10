"""A batch of queue messages: claim what may run now, run it, commit it, and say what goes back to the queue."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from orchestrator.aws.queues import LONGEST_DELAY, LONGEST_INVISIBILITY, Wake
from orchestrator.engine import task_telemetry
from orchestrator.engine.execution.batch import Replies, run_claimed
from orchestrator.engine.execution.handler import CLOSING_TIME
from orchestrator.engine.execution.triage import Placed, place
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.model import outcome
from orchestrator.model.errors import Unavailable
from orchestrator.model.fault_injection import reach
from orchestrator.model.states import Status
from orchestrator.observability import logger
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt

#: Seconds a lease outlives the invocation that holds it.
LEASE_MARGIN = 5.0
#: Seconds a message waits when the database is away.
AWAY_DELAY = 5.0
#: A message received this often is replaced by a new one, so that maxReceiveCount never counts our backoff.
MANY_RECEIVES = 20


def run_batch(worker: Worker, messages: Sequence[Message], remaining: Callable[[], float]) -> list[str]:
    """Does what the messages ask for; answers the ids of the messages that must come back.

    `remaining` gives the seconds this invocation has left. A message that is not answered here is done with.
    """
    by_task: dict[UUID, list[Message]] = {}
    for message in messages:
        by_task.setdefault(message.task_id, []).append(message)
    replies: Replies = {}
    try:
        _settle_orphans(worker)
        _run(worker, by_task, remaining, replies)
    except Unavailable as error:
        logger.warning("database away, messages go back", extra={"messages": len(by_task), "error": str(error)})
        for task_id in by_task:
            replies.setdefault(task_id, AWAY_DELAY)
    return _answer(worker, by_task, replies)


def _run(worker: Worker, by_task: dict[UUID, list[Message]], remaining: Callable[[], float], replies: Replies) -> None:
    ids = list(by_task)
    held = worker.flags.parked_types()
    lease = remaining() + LEASE_MARGIN
    claimed = worker.db.run(
        attempts.claim,
        ids,
        worker=worker.name,
        lease=lease,
        alone=len(ids) == 1,
        held_types=held,
        version=worker.version,
    )
    task_telemetry.started(claimed)
    reach("run.claimed")
    run_claimed(worker, claimed, remaining, replies)
    taken = {attempt.id for attempt in claimed}
    left = [task_id for task_id in ids if task_id not in taken]
    if not left:
        return
    for placed in place(worker, {task_id: by_task[task_id] for task_id in left}, held):
        if placed.alone is None:
            replies[placed.task_id] = placed.hide
        else:
            _run_alone(worker, placed, remaining, replies, held)


def _run_alone(
    worker: Worker, placed: Placed, remaining: Callable[[], float], replies: Replies, held: Iterable[str]
) -> None:
    """A suspect, revived or limited task: claimed, run and committed by itself."""
    if remaining() < CLOSING_TIME:
        replies[placed.task_id] = 0.0
        return
    claimed = _claim_alone(worker, placed, remaining() + LEASE_MARGIN, held)
    if not claimed:
        replies[placed.task_id] = None if placed.alone and placed.alone.limited else 1.0
        return
    task_telemetry.started(claimed)
    reach("run.claimed")
    run_claimed(worker, claimed, remaining, replies)


def _claim_alone(worker: Worker, placed: Placed, lease: float, held: Iterable[str]) -> list[Attempt]:
    held_types = list(held)
    sight = placed.alone
    limit = worker.agents.get(sight.type).limit_per_owner if sight and sight.limited else None
    if sight is not None and sight.limited:
        # A limit taken out of the code since: the row still waits under it, so any number may run.
        return worker.db.run(
            attempts.claim_limited,
            sight,
            worker=worker.name,
            lease=lease,
            held_types=held_types,
            limit=limit or 1_000_000,
            version=worker.version,
        )
    return worker.db.run(
        attempts.claim,
        [placed.task_id],
        worker=worker.name,
        lease=lease,
        alone=True,
        held_types=held_types,
        version=worker.version,
    )


def _settle_orphans(worker: Worker) -> None:
    """Gives back what this container could not finish while the database was away; it costs no attempt."""
    if worker.orphans:
        back = [outcome.later(o.id, o.token, "the database was away", 0.0) for o in worker.orphans]
        worker.db.run(attempts.finish, back)
        worker.orphans.clear()


def _answer(worker: Worker, by_task: dict[UUID, list[Message]], replies: Replies) -> list[str]:
    """Hides what comes back for as long as it asked. Of a task's twins one is enough, unless they may be redrives."""
    hidden: list[tuple[str, float]] = []
    back: list[str] = []
    for task_id, twins in by_task.items():
        hide = replies.get(task_id)
        if hide is None:
            continue
        for message in [twin for twin in twins if twin.death != 0] or twins[:1]:
            if message.receives >= MANY_RECEIVES and hide <= LONGEST_DELAY and _renew(worker, message, hide):
                continue
            hidden.append((message.receipt_handle, math.ceil(min(hide, LONGEST_INVISIBILITY))))
            back.append(message.message_id)
    if hidden:
        worker.queue.change_visibility(hidden)
    return back


def _renew(worker: Worker, message: Message, hide: float) -> bool:
    """Replaces an often received message by a fresh one; False when it must come back itself."""
    try:
        sight = worker.db.run(attempts.look, [message.task_id]).get(message.task_id)
    except Unavailable:
        return False
    if sight is None:
        return True
    if sight.status is Status.DEAD_LETTER:
        return False  # it may be the one that revives it
    return not worker.queue.send([Wake.of(sight, delay=hide)])
