"""Redrive: gives dead letters their attempts anew, or gives them up for good. Who did it is kept."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskQueue, Wake
from orchestrator.model.fault_injection import reach
from orchestrator.observability import logger, metrics
from orchestrator.store import dead_letters
from orchestrator.store.connection import Connection, Database

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


def find(conn: Connection, which: Selection) -> list[dict[str, Any]]:
    """What a redrive or discard moves, oldest first."""
    return dead_letters.select(conn, **asdict(which), limit=MOST_AT_ONCE)


def count(db: Database, which: Selection) -> int:
    """How many there are; one call moves no more than MOST_AT_ONCE of them."""
    return db.run(dead_letters.count, **asdict(which))


def redrive(db: Database, queue: TaskQueue, events: EventQueue, which: Selection, actor: str) -> list[UUID]:
    """Revives the selected dead letters and wakes them; answers which.

    One that another redrive took is left out.
    """
    revived = db.run(_revive, which, actor)
    reach("redrive.committed")
    tell(queue, events, revived)
    logger.info("dead letters redriven", extra={"actor": actor, "tasks": len(revived)})
    return [row["id"] for row in revived]


def tell(queue: TaskQueue, events: EventQueue, revived: Sequence[Mapping[str, Any]]) -> None:
    """After the commit: wakes those revived, and tells who watches them."""
    for row in revived:
        metrics.count("Redriven", row["type"])
    queue.send([Wake(row["id"], row["owner_id"], math.ceil(row["due_in"]), row["traceparent"]) for row in revived])
    events.announce((row["owner_id"], row["traceparent"]) for row in revived)


def discard(db: Database, events: EventQueue, which: Selection, actor: str, reason: str) -> list[UUID]:
    """Ends the selected dead letters as cancelled; answers which."""
    discarded = db.run(_discard, which, actor, reason)
    events.announce((row["owner_id"], row["traceparent"]) for row in discarded)
    metrics.count("Discarded", by=len(discarded))
    logger.info("dead letters discarded", extra={"actor": actor, "tasks": len(discarded)})
    return [row["id"] for row in discarded]


def describe(which: Selection) -> dict[str, Any]:
    """The selection as the audit trail keeps it."""
    return {**asdict(which), "ids": [str(each) for each in which.ids] if which.ids is not None else None}


def _revive(conn: Connection, which: Selection, actor: str) -> list[dict[str, Any]]:
    """Together with its audit; nothing is kept of what moved nothing."""
    with conn.transaction():
        revived = dead_letters.revive(conn, [row["id"] for row in find(conn, which)], actor)
        if revived:
            dead_letters.audit(conn, actor, "redrive", {**describe(which), "tasks": len(revived)})
        return revived


def _discard(conn: Connection, which: Selection, actor: str, reason: str) -> list[dict[str, Any]]:
    with conn.transaction():
        discarded = dead_letters.discard(conn, [row["id"] for row in find(conn, which)], actor, reason)
        if discarded:
            detail = {**describe(which), "reason": reason, "tasks": len(discarded)}
            dead_letters.audit(conn, actor, "discard", detail)
        return discarded
