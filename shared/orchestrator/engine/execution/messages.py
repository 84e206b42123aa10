"""A batch of queue messages: claim the tasks that may run now, run them, commit them, and reply to the queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from orchestrator.engine.agents import Agent, UnknownType
from orchestrator.engine.execution.batch import BatchRun
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.fit import CLOSING_TIME
from orchestrator.engine.execution.heartbeat import LEASE, PATIENCE
from orchestrator.engine.execution.triage import Placement, triage
from orchestrator.engine.execution.worker import DELETE, Message, Reply, Worker
from orchestrator.engine.limits.claims import ClaimAs, claim_limited, wake
from orchestrator.model.errors import Unavailable
from orchestrator.model.fault_injection import reach
from orchestrator.observability import logger
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt, UnclaimedTask

#: After so many seconds the messages come back that arrived while the database was away.
AWAY_DELAY = 5.0


def run_batch(worker: Worker, messages: Sequence[Message], remaining: Callable[[], float]) -> list[str]:
    """Run the tasks that the messages name; return the ids of the messages that must come back.

    `remaining` gives the seconds that this invocation has left. SQS deletes the messages that are not returned.
    """
    deliveries = Deliveries(worker, messages)
    try:
        _finish_orphans(worker, remaining)
        _run(worker, deliveries, remaining)
    except Unavailable as error:
        logger.warning("database away, messages go back", extra={"messages": len(messages), "error": str(error)})
        worker.db.close()  # if a setting of the session is the cause, the next connection is without it
        for task_id in deliveries.by_task:
            deliveries.replies.setdefault(task_id, Reply(AWAY_DELAY))
        with suppress(Unavailable):
            _finish_orphans(worker, remaining)
    return deliveries.answer()


def _run(worker: Worker, deliveries: Deliveries, remaining: Callable[[], float]) -> None:
    began, ids = time.monotonic(), list(deliveries.by_task)
    paused = worker.flags.parked_types()
    claimed = worker.db.run(
        attempts.claim, ids, worker=worker.name, lease=LEASE, alone=len(ids) == 1, paused_types=paused
    )
    _run_claimed(worker, claimed, deliveries, remaining)
    claimed_ids = {attempt.id for attempt in claimed}
    left = [task_id for task_id in ids if task_id not in claimed_ids]
    if not left:
        return
    for placement in triage(worker, {task_id: deliveries.by_task[task_id] for task_id in left}, paused):
        if placement.isolated is None:
            deliveries.replies[placement.task_id] = placement.reply
        elif placement.isolated.limited and time.monotonic() - began > PATIENCE:
            deliveries.replies[placement.task_id] = Reply(0.0)  # another worker may have room for it now
        else:
            _run_isolated(worker, placement, deliveries, remaining, paused)


def _run_claimed(
    worker: Worker,
    claimed: Sequence[Attempt],
    deliveries: Deliveries,
    remaining: Callable[[], float],
    *,
    isolated: bool = False,
) -> None:
    if claimed:
        reach("run.claimed")
        BatchRun(worker, claimed, remaining, deliveries, isolated=isolated).run()


def _run_isolated(
    worker: Worker, placement: Placement, deliveries: Deliveries, remaining: Callable[[], float], paused: Iterable[str]
) -> None:
    """Claim, run and commit a suspected, redriven or limited task by itself."""
    sight = placement.isolated
    if remaining() < CLOSING_TIME:
        deliveries.replies[placement.task_id] = Reply(0.0)
    elif sight is not None and sight.limited:
        _run_limited(worker, sight, deliveries, remaining, paused)
    elif claimed := worker.db.run(
        attempts.claim, [placement.task_id], worker=worker.name, lease=LEASE, alone=True, paused_types=list(paused)
    ):
        _run_claimed(worker, claimed, deliveries, remaining, isolated=True)
    else:
        deliveries.replies[placement.task_id] = Reply(1.0)


def _run_limited(
    worker: Worker, sight: UnclaimedTask, deliveries: Deliveries, remaining: Callable[[], float], paused: Iterable[str]
) -> None:
    """Run a task when its limits have room; without room it waits and its message is deleted."""
    how = ClaimAs(worker=worker.name, lease=LEASE, paused_types=list(paused))
    claim = claim_limited(worker.db, sight, _agent_of(worker, sight.type), how)
    if claim.messages:
        worker.queue.send(claim.messages)
    if not claim.attempts:
        deliveries.replies[sight.id] = DELETE
        return
    _run_claimed(worker, claim.attempts, deliveries, remaining, isolated=True)
    if claim.keys:
        wake(worker.db, worker.queue, claim.keys)


def _agent_of(worker: Worker, task_type: str) -> Agent | None:
    try:
        return worker.agents.get(task_type)
    except UnknownType:
        return None


def _finish_orphans(worker: Worker, remaining: Callable[[], float]) -> None:
    """Write the outcomes that this container could not write while the database was away."""
    if worker.orphans:
        BatchRun(worker, (), remaining, Deliveries(worker, ())).finish(worker.orphans)
        worker.orphans.clear()
