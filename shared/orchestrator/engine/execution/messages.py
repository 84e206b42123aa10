"""A batch of queue messages: claim the tasks that may run now, run them, commit them, and reply to the queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from orchestrator.engine.agents import Agent, UnknownType
from orchestrator.engine.execution.batch import BatchRun
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.fit import CLOSING_TIME
from orchestrator.engine.execution.heartbeat import LEASE, PATIENCE
from orchestrator.engine.execution.lanes.forwarding import forward, is_of_lane, keep_own
from orchestrator.engine.execution.lanes.long_run import LongRun
from orchestrator.engine.execution.triage import Placement, triage
from orchestrator.engine.execution.worker import DELETE, Message, Reply, Worker
from orchestrator.engine.limits.claims import ClaimAs, LimitedClaim, claim_limited, wake
from orchestrator.model.errors import Unavailable
from orchestrator.model.fault_injection import reach
from orchestrator.observability import logger
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Connection

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
    if worker.lane == "long":
        deliveries.return_now(ids[worker.slots :])
        ids = ids[: worker.slots]
    claimed = worker.db.run(
        attempts.claim, ids, worker=worker.name, lease=LEASE, alone=len(ids) == 1, paused_types=paused
    )
    claimed_ids = {attempt.id for attempt in claimed}
    left = [task_id for task_id in ids if task_id not in claimed_ids]
    own = keep_own(worker, claimed, deliveries)
    if worker.lane == "long":
        _run_long(worker, own, _isolated(worker, deliveries, left, paused), deliveries, remaining)
        return
    _run_claimed(worker, own, deliveries, remaining)
    for placement in _isolated(worker, deliveries, left, paused):
        if placement.isolated is not None and placement.isolated.limited and time.monotonic() - began > PATIENCE:
            deliveries.replies[placement.task_id] = Reply(0.0)  # another worker may have room for it now
        else:
            _run_isolated(worker, placement, deliveries, remaining, paused)


def _isolated(
    worker: Worker, deliveries: Deliveries, left: Sequence[UUID], paused: Collection[str]
) -> Iterator[Placement]:
    """Reply to the messages of tasks that were not claimed; yield those that can run by themselves."""
    if not left:
        return
    for placement in triage(worker, {task_id: deliveries.by_task[task_id] for task_id in left}, paused):
        task = placement.isolated
        if task is None:
            deliveries.replies[placement.task_id] = placement.reply
        elif is_of_lane(worker, task.type):
            yield placement
        else:
            forward(worker, [task], deliveries)


def _run_long(
    worker: Worker,
    claimed: list[Attempt],
    placements: Iterable[Placement],
    deliveries: Deliveries,
    remaining: Callable[[], float],
) -> None:
    """Run the attempts side by side. A suspected task runs without them: their messages return at once."""
    paused, limited, suspected = worker.flags.parked_types(), list[Placement](), list[Placement]()
    for placement in placements:
        under_limit = placement.isolated is not None and placement.isolated.limited and not placement.isolated.suspect
        (limited if under_limit else suspected).append(placement)
    if suspected:
        if claimed:
            worker.db.run(attempts.unclaim, claimed)
        back = [attempt.id for attempt in claimed] + [each.task_id for each in [*suspected[1:], *limited]]
        deliveries.return_now(back)
        claimed = []
    alone = bool(suspected) or len(claimed) + len(limited) == 1
    how = ClaimAs(worker=worker.name, lease=LEASE, paused_types=paused, alone=alone)
    claims = [_claim_one(worker, placement, deliveries, how) for placement in suspected[:1] or limited]
    together = [*claimed, *(attempt for claim in claims for attempt in claim.attempts)]
    if together:
        reach("run.claimed")
        keys = {attempt.id: claim.keys for claim in claims for attempt in claim.attempts}
        LongRun(worker, together, remaining, deliveries, keys).run()


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
    how = ClaimAs(worker=worker.name, lease=LEASE, paused_types=list(paused))
    claim = _claim_one(worker, placement, deliveries, how)
    if claim.attempts:
        _run_claimed(worker, claim.attempts, deliveries, remaining, isolated=True)
        wake(worker.db, worker.queue, claim.keys)


def _claim_one(worker: Worker, placement: Placement, deliveries: Deliveries, how: ClaimAs) -> LimitedClaim:
    """Claim a suspected, redriven or limited task; when it cannot run now, reply to its messages.

    A task without room under its limits waits for it, and its message is deleted.
    """
    sight = placement.isolated
    if sight is not None and sight.limited:
        claim = claim_limited(worker.db, sight, _agent_of(worker, sight.type), how)
        if claim.messages:
            worker.queue.send(claim.messages)
    else:
        claim = LimitedClaim(worker.db.run(_claim_suspected, placement.task_id, how), [], [])
    if not claim.attempts:
        deliveries.replies[placement.task_id] = DELETE if sight is not None and sight.limited else Reply(1.0)
    return claim


def _claim_suspected(conn: Connection, task_id: UUID, how: ClaimAs) -> list[Attempt]:
    return attempts.claim(
        conn, [task_id], worker=how.worker, lease=how.lease, alone=True, paused_types=how.paused_types
    )


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
