"""Sends tasks to the worker of their lane: a message in another lane was sent before its type moved there."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.aws.queues import NamedTask, TaskMessage
from orchestrator.engine.agents import UnknownType
from orchestrator.engine.execution.deliveries import Deliveries
from orchestrator.engine.execution.worker import DELETE, Reply, Worker
from orchestrator.model.fault_injection import reach
from orchestrator.observability import metrics
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt

#: Seconds after which a message comes back that the other lane's queue did not accept.
REFUSED_DELAY = 5.0


def is_of_lane(worker: Worker, task_type: str) -> bool:
    """Return whether the worker runs this type; a type without an agent stays where it is."""
    if worker.lane is None:
        return True
    try:
        return worker.agents.get(task_type).lane == worker.lane
    except UnknownType:
        return True


def keep_own(worker: Worker, claimed: Sequence[Attempt], deliveries: Deliveries) -> list[Attempt]:
    """Return the attempts of the worker's lane; unclaim and forward the others."""
    if worker.lane is None:
        return list(claimed)
    others = [attempt for attempt in claimed if not is_of_lane(worker, attempt.type)]
    if not others:
        return list(claimed)
    worker.db.run(attempts.unclaim, others)
    forward(worker, others, deliveries)
    return [attempt for attempt in claimed if attempt not in others]


def forward(worker: Worker, tasks: Sequence[NamedTask], deliveries: Deliveries) -> None:
    """Send the tasks' messages to their lane, and delete those that arrived here."""
    refused = {message.task_id for message in worker.queue.send([TaskMessage.of(task) for task in tasks])}
    reach("run.forwarded")
    for task in tasks:
        deliveries.replies[task.id] = Reply(REFUSED_DELAY) if task.id in refused else DELETE
        metrics.count("Forwarded", task.type)
