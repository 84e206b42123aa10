"""A batch of queue messages: claim the tasks that may run now, run them, commit them, and reply to the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from orchestrator.engine.execution.batch import BatchRun
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.fit import CLOSING_TIME
from orchestrator.engine.execution.heartbeat import LEASE
from orchestrator.engine.execution.triage import Placement, triage
from orchestrator.engine.execution.worker import DELETE, Message, Reply, Worker
from orchestrator.model.errors import Unavailable
from orchestrator.model.fault_injection import reach
from orchestrator.observability import logger
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt

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
    ids = list(deliveries.by_task)
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
    if remaining() < CLOSING_TIME:
        deliveries.replies[placement.task_id] = Reply(0.0)
        return
    claimed = _claim_isolated(worker, placement, paused)
    if not claimed:
        limited = placement.isolated is not None and placement.isolated.limited
        deliveries.replies[placement.task_id] = DELETE if limited else Reply(1.0)
        return
    _run_claimed(worker, claimed, deliveries, remaining, isolated=True)


def _claim_isolated(worker: Worker, placement: Placement, paused: Iterable[str]) -> list[Attempt]:
    paused_types = list(paused)
    sight = placement.isolated
    limit = worker.agents.get(sight.type).limit_per_owner if sight and sight.limited else None
    if sight is not None and sight.limited:
        # A limit that the code no longer has: the row still waits under it, so any number may run.
        return worker.db.run(
            attempts.claim_limited,
            sight,
            worker=worker.name,
            lease=LEASE,
            paused_types=paused_types,
            limit=limit or 1_000_000,
        )
    return worker.db.run(
        attempts.claim,
        [placement.task_id],
        worker=worker.name,
        lease=LEASE,
        alone=True,
        paused_types=paused_types,
    )


def _finish_orphans(worker: Worker, remaining: Callable[[], float]) -> None:
    """Write the outcomes that this container could not write while the database was away."""
    if worker.orphans:
        BatchRun(worker, (), remaining, Deliveries(worker, ())).finish(worker.orphans)
        worker.orphans.clear()
