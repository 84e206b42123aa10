"""Redrive and discard of dead letters, with the actor in the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskMessage, TaskQueue
from orchestrator.model.fault_injection import reach
from orchestrator.model.task import Json
from orchestrator.observability import logger, metrics
from orchestrator.store import audit, dead_letters
from orchestrator.store.connection import Connection, Database
from orchestrator.store.dead_letters import DeadLetter, RedrivenTask
from orchestrator.store.tasks import RunnableTask

#: Dead letters moved by one call at most.
MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which dead letters: by ids, type, fingerprint, code version, any of them together; nothing given means all.

    The fingerprint or version `-` is that of those without one.
    """

    ids: Collection[UUID] | None = None
    type: str | None = None
    fingerprint: str | None = None
    version: str | None = None


def find(conn: Connection, which: Selection) -> list[DeadLetter]:
    """Return the dead letters of a redrive or discard, oldest first."""
    return dead_letters.select_dead_letters(conn, **asdict(which), limit=MOST_AT_ONCE)


def count(db: Database, which: Selection) -> int:
    """Return their number; one call moves no more than MOST_AT_ONCE of them."""
    return db.run(dead_letters.count_dead_letters, **asdict(which))


def redrive(db: Database, queue: TaskQueue, events: EventQueue, which: Selection, actor: str) -> list[UUID]:
    """Redrive the selected dead letters and send their messages; return their ids.

    One that another redrive took is left out.
    """
    redriven = db.run(_redrive, which, actor)
    reach("redrive.committed")
    notify(queue, events, redriven)
    logger.info("dead letters redriven", extra={"actor": actor, "tasks": len(redriven)})
    return [task.id for task in redriven]


def notify(queue: TaskQueue, events: EventQueue, redriven: Sequence[RedrivenTask]) -> None:
    """Send the messages of the redriven tasks after the commit, and notify their watchers."""
    for task in redriven:
        metrics.count("Redriven", task.type)
    queue.send([TaskMessage.of(task, delay=task.due_in) for task in redriven])
    events.announce((task.owner_id, task.traceparent) for task in redriven)


def discard(db: Database, events: EventQueue, which: Selection, actor: str, reason: str) -> list[UUID]:
    """End the selected dead letters as cancelled; return their ids."""
    discarded = db.run(_discard, which, actor, reason)
    events.announce((task.owner_id, task.traceparent) for task in discarded)
    metrics.count("Discarded", by=len(discarded))
    logger.info("dead letters discarded", extra={"actor": actor, "tasks": len(discarded)})
    return [task.id for task in discarded]


def describe(which: Selection) -> dict[str, Json]:
    """Return the selection as the audit trail keeps it."""
    return {**asdict(which), "ids": [str(each) for each in which.ids] if which.ids is not None else None}


def _redrive(conn: Connection, which: Selection, actor: str) -> list[RedrivenTask]:
    """Write the change together with its audit entry; a change of nothing has none."""
    with conn.transaction():
        redriven = dead_letters.redrive(conn, [dead_letter.id for dead_letter in find(conn, which)], actor)
        if redriven:
            audit.record_action(conn, actor, "redrive", {**describe(which), "tasks": len(redriven)})
        return redriven


def _discard(conn: Connection, which: Selection, actor: str, reason: str) -> list[RunnableTask]:
    with conn.transaction():
        discarded = dead_letters.discard(conn, [dead_letter.id for dead_letter in find(conn, which)], actor, reason)
        if discarded:
            detail = {**describe(which), "reason": reason, "tasks": len(discarded)}
            audit.record_action(conn, actor, "discard", detail)
        return discarded
