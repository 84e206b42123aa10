"""A redrive in stages: one dead letter, then a tenth, then the rest, stopping by itself when a failure comes back.

A stage begins when everything let go before it is over. Whoever watches moves it on; the sweeper does once a minute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orchestrator.cloud.queue import TaskQueue
from orchestrator.engine.redrive import Selection, describe, select, wake
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.faultpoints import reach
from orchestrator.model.ids import new_task_id
from orchestrator.model.task import Json, iso
from orchestrator.observe import logger
from orchestrator.store import dead_letters, redrives
from orchestrator.store.db import Database

#: The part of all that the second stage lets go.
SECOND_STAGE = 0.1


def begin(
    db: Database, queue: TaskQueue, which: Selection, actor: str, *, rate: float | None = None
) -> dict[str, Json] | None:
    """Chooses the dead letters and lets the first one go; None when there are none."""
    found = select(db, which)
    if not found:
        return None
    id = new_task_id()
    fingerprints = sorted({row["error"]["fingerprint"] for row in found if row["error"].get("fingerprint")})
    db.run(
        redrives.insert, id, actor=actor, rate=rate, task_ids=[row["id"] for row in found], fingerprints=fingerprints
    )
    detail = {**describe(which), "redrive": str(id), "canary": True, "rate": rate, "tasks": len(found)}
    db.run(dead_letters.audit, actor, "redrive", detail)
    return advance(db, queue, id)


def advance(db: Database, queue: TaskQueue, id: UUID) -> dict[str, Json]:
    """Lets the next stage go if the one before has ended well. Raises NotFound."""
    revived: list[dict[str, Any]] = []
    with db.transaction() as connection:
        row = redrives.lock(connection, id)
        if row is not None:
            gone = row["task_ids"][: row["released"]]
            still_open, failed_as = redrives.outcome_so_far(connection, gone, row["fingerprints"])
            if failed_as is not None:
                reason = f"The failure {failed_as} came back."
                redrives.end(connection, id, "stopped", reason)
                dead_letters.audit(connection, "canary", "stop", {"redrive": str(id), "reason": reason})
                logger.warning("redrive stopped, its failure came back", redrive=str(id), fingerprint=failed_as)
            elif not still_open:
                target = _stage_end(len(row["task_ids"]), row["released"])
                stage = row["task_ids"][row["released"] : target]
                if stage:
                    revived = dead_letters.revive(connection, stage, row["actor"], row["rate"])
                    redrives.note_released(connection, id, target)
                else:
                    redrives.end(connection, id, "done", None)
    reach("redrive.committed")
    wake(queue, revived)
    return show(db, id)


def stop(db: Database, id: UUID, actor: str) -> dict[str, Json]:
    """Lets nothing more go; what was let go runs on. Raises NotFound, or Conflict when it has ended."""
    ended = db.run(redrives.end, id, "stopped", f"Stopped by {actor}.")
    if ended is None:
        show(db, id)
        raise Conflict("This redrive has ended already.")
    db.run(dead_letters.audit, actor, "stop", {"redrive": str(id)})
    return view(ended)


def show(db: Database, id: UUID) -> dict[str, Json]:
    """Raises NotFound."""
    row = db.run(redrives.get, id)
    if row is None:
        raise NotFound("There is no such redrive.")
    return view(row)


def view(row: Mapping[str, Any]) -> dict[str, Json]:
    return {
        "id": str(row["id"]),
        "state": row["state"],
        "reason": row["reason"],
        "released": row["released"],
        "total": len(row["task_ids"]),
        "actor": row["actor"],
        "rate": row["rate"],
        "fingerprints": row["fingerprints"],
        "createdAt": iso(row["created_at"]),
        "updatedAt": iso(row["updated_at"]),
    }


def advance_all(db: Database, queue: TaskQueue) -> int:
    """Moves every running redrive on; answers how many there are."""
    running = db.run(redrives.running)
    for id in running:
        advance(db, queue, id)
    return len(running)


def _stage_end(total: int, released: int) -> int:
    """How many are let go when the next stage is."""
    tenth = math.ceil(total * SECOND_STAGE)
    return next((end for end in (1, tenth) if end > released), total)
