"""Redrive: gives dead letters their attempts anew, or gives them up for good. Who did it is kept."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator.cloud.queue import LONGEST_DELAY, TaskQueue, Wake
from orchestrator.model.faultpoints import reach
from orchestrator.observe import logger, metrics
from orchestrator.store import dead_letters
from orchestrator.store.db import Database

#: Dead letters moved by one call at most.
MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which dead letters: by ids, type, fingerprint, code version, any of them together; nothing given means all."""

    ids: Collection[UUID] | None = None
    type: str | None = None
    fingerprint: str | None = None
    version: str | None = None
    limit: int = MOST_AT_ONCE


def select(db: Database, which: Selection) -> list[dict[str, Any]]:
    """What a redrive or discard would move, oldest first."""
    return db.run(
        dead_letters.select,
        ids=which.ids,
        type=which.type,
        fingerprint=which.fingerprint,
        version=which.version,
        limit=which.limit,
    )


def redrive(db: Database, queue: TaskQueue, which: Selection, actor: str, *, rate: float | None = None) -> list[UUID]:
    """Revives the selected dead letters and wakes them, `rate` a second; answers which.

    One that another redrive took is left out.
    """
    found = [row["id"] for row in select(db, which)]
    revived = db.run(dead_letters.revive, found, actor, rate) if found else []
    db.run(dead_letters.audit, actor, "redrive", {**describe(which), "rate": rate, "tasks": len(revived)})
    reach("redrive.committed")
    wake(queue, revived)
    logger.info("dead letters redriven", extra={"actor": actor, "tasks": len(revived)})
    return [row["id"] for row in revived]


def wake(queue: TaskQueue, revived: Sequence[Mapping[str, Any]]) -> None:
    """Sends what is due soon; the sweeper sends the rest when it is due."""
    for row in revived:
        metrics.count("Redriven", row["type"])
    queue.send(
        [
            Wake(row["id"], row["owner_id"], math.ceil(row["due_in"]), row["traceparent"])
            for row in revived
            if row["due_in"] <= LONGEST_DELAY
        ]
    )


def discard(db: Database, which: Selection, actor: str, reason: str) -> list[UUID]:
    """Ends the selected dead letters as cancelled; answers which."""
    found: Sequence[UUID] = [row["id"] for row in select(db, which)]
    discarded = db.run(dead_letters.discard, found, actor, reason) if found else []
    db.run(dead_letters.audit, actor, "discard", {**describe(which), "reason": reason, "tasks": len(discarded)})
    metrics.count("Discarded", by=len(discarded))
    logger.info("dead letters discarded", extra={"actor": actor, "tasks": len(discarded)})
    return discarded


def describe(which: Selection) -> dict[str, Any]:
    """The selection as the audit trail keeps it."""
    return {
        "ids": [str(each) for each in which.ids] if which.ids is not None else None,
        "type": which.type,
        "fingerprint": which.fingerprint,
        "version": which.version,
    }
