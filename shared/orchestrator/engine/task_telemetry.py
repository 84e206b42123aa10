"""Telemetry of a task's life: one log line and one count for each event."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from orchestrator.model.states import Status
from orchestrator.model.task import Json, Task
from orchestrator.observability import logger, metrics, tracing
from orchestrator.observability.metrics import Count

if TYPE_CHECKING:
    from orchestrator.engine.execution.handler import Handled
    from orchestrator.store.attempts import Attempt, EndedLease, Finished

#: The metric of each kind of outcome.
COUNTS: Mapping[str, Count] = {
    "completed": "Completed",
    "failed": "Refused",
    "retrying": "Retried",
    "dead-letter": "DeadLettered",
    "parked": "Parked",
    "released": "Released",
    "continued": "Continued",
    "waiting": "Waiting",
}


def submitted(task: Task, due_in: float) -> None:
    metrics.count("Submitted", task.type)
    logger.info(
        "task submitted",
        extra={
            "task_id": str(task.id),
            "task_type": task.type,
            "owner": task.owner_id,
            "trace_id": tracing.trace_id(task.traceparent),
            "due_in_s": due_in,
        },
    )


def started(attempt: Attempt, waited: float) -> None:
    """Count a handler that begins, `waited` seconds after its task was claimed."""
    metrics.count("Started", attempt.type)
    metrics.took("QueueWait", attempt.waited, attempt.type)
    metrics.took("StartWait", waited, attempt.type)
    if logger.log_level <= logging.DEBUG:
        logger.debug("task started", extra=attempt.log_context())


def finished(batch: Sequence[Handled], rows: Sequence[Finished]) -> None:
    """Log and count the attempts of a batch after its commit."""
    by_id = {row.id: row for row in rows}
    for handled in batch:
        row = by_id.get(handled.attempt.id)
        if row is None or handled.outcome is None:
            lost(handled.attempt)
            continue
        kind = handled.outcome.kind
        metrics.count(COUNTS[kind], row.type)
        metrics.took("HandlerTime", handled.took, row.type)
        if row.status is Status.COMPLETED:
            metrics.took("EndToEnd", row.age, row.type)
        fields = {
            **handled.attempt.log_context(),
            **_failure(handled.outcome.error),
            "wait_ms": round(handled.attempt.waited * 1000, 1),
            "handler_ms": round(handled.took * 1000, 1),
            "total_ms": round(row.age * 1000, 1),
        }
        logger.info(f"task {kind}", extra=fields)


def lost(attempt: Attempt) -> None:
    """Log an attempt that lost its task to another attempt or to a cancel."""
    metrics.count("AttemptLost", attempt.type)
    logger.info("task lost", extra=attempt.log_context())


def leases_ended(tasks: Iterable[EndedLease]) -> None:
    """Report tasks that were taken back from dead workers."""
    for task in tasks:
        metrics.count("LeaseLost", task.type)
        if task.status is Status.DEAD_LETTER:
            metrics.count("DeadLettered", task.type)
        logger.warning(
            "lease ended",
            extra={
                "task_id": str(task.id),
                "task_type": task.type,
                "attempt": task.attempts,
                "owner": task.owner_id,
                "trace_id": tracing.trace_id(task.traceparent),
                "status": task.status.value,
            },
        )


def cancelled(tasks: Iterable[Task], actor: str) -> None:
    for task in tasks:
        metrics.count("Cancelled", task.type)
        logger.info(
            "task cancelled",
            extra={
                "task_id": str(task.id),
                "task_type": task.type,
                "owner": task.owner_id,
                "trace_id": tracing.trace_id(task.traceparent),
                "actor": actor,
            },
        )


def _failure(text: str | None) -> dict[str, Json]:
    """Return the parts of an error that a log may have: not its message, which may quote a payload."""
    if not text:
        return {}
    error = json.loads(text)
    return {f"error_{name}": error[name] for name in ("kind", "type", "code", "place", "fingerprint") if name in error}
