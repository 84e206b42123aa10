"""A batch of queue messages: claim the tasks that may run now, run them, commit them, and reply to the queue."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from orchestrator.aws.queues import LONGEST_DELAY, LONGEST_INVISIBILITY, TaskMessage
from orchestrator.engine import task_telemetry
from orchestrator.engine.execution.batch import BatchRun
from orchestrator.engine.execution.handler import CLOSING_TIME
from orchestrator.engine.execution.triage import Placement, triage
from orchestrator.engine.execution.worker import DELETE, Message, Replies, Reply, Source, Worker
from orchestrator.model.errors import Unavailable
from orchestrator.model.fault_injection import reach
from orchestrator.model.states import Status
from orchestrator.observability import logger
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt

#: Seconds that a lease outlives the invocation that owns it.
LEASE_MARGIN = 5.0
#: After so many seconds the messages come back that arrived while the database was away.
AWAY_DELAY = 5.0
#: A message received this often is replaced by a new one, so that maxReceiveCount never counts our backoff.
MANY_RECEIVES = 20


def run_batch(worker: Worker, messages: Sequence[Message], remaining: Callable[[], float]) -> list[str]:
    """Run the tasks that the messages name; return the ids of the messages that must come back.

    `remaining` gives the seconds that this invocation has left. SQS deletes the messages that are not returned.
    """
    by_task: dict[UUID, list[Message]] = {}
    for message in messages:
        by_task.setdefault(message.task_id, []).append(message)
    replies: Replies = {}
    try:
        _finish_orphans(worker, remaining)
        _run(worker, by_task, remaining, replies)
    except Unavailable as error:
        logger.warning("database away, messages go back", extra={"messages": len(by_task), "error": str(error)})
        worker.db.close()  # if a setting of the session is the cause, the next connection is without it
        for task_id in by_task:
            replies.setdefault(task_id, Reply(AWAY_DELAY))
        with suppress(Unavailable):
            _finish_orphans(worker, remaining)
    return _answer(worker, by_task, replies)


def _run(worker: Worker, by_task: dict[UUID, list[Message]], remaining: Callable[[], float], replies: Replies) -> None:
    ids = list(by_task)
    paused = worker.flags.parked_types()
    claimed = worker.db.run(
        attempts.claim,
        ids,
        worker=worker.name,
        lease=remaining() + LEASE_MARGIN,
        alone=len(ids) == 1,
        paused_types=paused,
        version=worker.version,
    )
    _run_claimed(worker, claimed, remaining, replies)
    left = [task_id for task_id in ids if task_id not in {attempt.id for attempt in claimed}]
    if not left:
        return
    for placement in triage(worker, {task_id: by_task[task_id] for task_id in left}, paused):
        if placement.isolated is None:
            replies[placement.task_id] = placement.reply
        else:
            _run_isolated(worker, placement, remaining, replies, paused)


def _run_claimed(worker: Worker, claimed: Sequence[Attempt], remaining: Callable[[], float], replies: Replies) -> None:
    if claimed:
        task_telemetry.started(claimed)
        reach("run.claimed")
        BatchRun(worker, claimed, remaining, replies).run()


def _run_isolated(
    worker: Worker, placement: Placement, remaining: Callable[[], float], replies: Replies, paused: Iterable[str]
) -> None:
    """Claim, run and commit a suspected, redriven or limited task by itself."""
    if remaining() < CLOSING_TIME:
        replies[placement.task_id] = Reply(0.0)
        return
    claimed = _claim_isolated(worker, placement, remaining() + LEASE_MARGIN, paused)
    if not claimed:
        limited = placement.isolated is not None and placement.isolated.limited
        replies[placement.task_id] = DELETE if limited else Reply(1.0)
        return
    _run_claimed(worker, claimed, remaining, replies)


def _claim_isolated(worker: Worker, placement: Placement, lease: float, paused: Iterable[str]) -> list[Attempt]:
    paused_types = list(paused)
    sight = placement.isolated
    limit = worker.agents.get(sight.type).limit_per_owner if sight and sight.limited else None
    if sight is not None and sight.limited:
        # A limit that the code no longer has: the row still waits under it, so any number may run.
        return worker.db.run(
            attempts.claim_limited,
            sight,
            worker=worker.name,
            lease=lease,
            paused_types=paused_types,
            limit=limit or 1_000_000,
            version=worker.version,
        )
    return worker.db.run(
        attempts.claim,
        [placement.task_id],
        worker=worker.name,
        lease=lease,
        alone=True,
        paused_types=paused_types,
        version=worker.version,
    )


def _finish_orphans(worker: Worker, remaining: Callable[[], float]) -> None:
    """Write the outcomes that this container could not write while the database was away."""
    if worker.orphans:
        BatchRun(worker, (), remaining, {}).finish(worker.orphans)
        worker.orphans.clear()


def _answer(worker: Worker, by_task: dict[UUID, list[Message]], replies: Replies) -> list[str]:
    """Hide the messages that come back. Of a task's duplicates one is enough, unless they may be redrives."""
    hidden: list[tuple[str, float]] = []
    back: list[str] = []
    for task_id, twins in by_task.items():
        seconds = replies.get(task_id, DELETE).seconds
        if seconds is None:
            continue
        for message in [twin for twin in twins if twin.source is not Source.TASK_QUEUE] or twins[:1]:
            if message.receives >= MANY_RECEIVES and seconds <= LONGEST_DELAY and _renew(worker, message, seconds):
                continue
            hidden.append((message.receipt_handle, math.ceil(min(seconds, LONGEST_INVISIBILITY))))
            back.append(message.message_id)
    if hidden:
        worker.queue.change_visibility(hidden)
    return back


def _renew(worker: Worker, message: Message, seconds: float) -> bool:
    """Replace an often received message by a new one; return False when it must come back itself."""
    try:
        sight = worker.db.run(attempts.find_unclaimed, [message.task_id]).get(message.task_id)
    except Unavailable:
        return False
    if sight is None:
        return True
    if sight.status is Status.DEAD_LETTER:
        return False  # it may be the redrive
    return not worker.queue.send([TaskMessage.of(sight, delay=seconds)])
