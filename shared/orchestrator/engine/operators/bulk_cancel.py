"""Cancels many tasks at an operator's word: a page a transaction, each task as if by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskQueue
from orchestrator.engine import joins
from orchestrator.engine.cancel import actor_label, announce_cancelled
from orchestrator.model.task import Json, Task, iso
from orchestrator.observability import logger
from orchestrator.store import audit, bulk_cancel, tasks
from orchestrator.store.bulk_cancel import Chosen, EndingGroup
from orchestrator.store.connection import Connection, Database
from orchestrator.store.owners import ANY_OWNER
from orchestrator.store.tasks import RunnableTask

#: Tasks one transaction ends at most, descendants counted; only a single family may be larger.
MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """The tasks that one transaction cancelled, and those that can run because of it; `more`: some are left."""

    cancelled: Sequence[Task]
    woken: Sequence[RunnableTask]
    more: bool


def preview(db: Database, chosen: Chosen) -> list[EndingGroup]:
    """Count the tasks that would end now by type and status; the row without a type is the total."""
    return db.run(bulk_cancel.would_end, chosen)


def cancel_page(
    db: Database, queue: TaskQueue, events: EventQueue, chosen: Chosen, actor: str, reason: str
) -> tuple[int, bool]:
    """Cancel the oldest that fit, with their descendants; return the number, and whether some that fit are left."""
    page = db.run(_cancel_page, chosen, actor, reason)
    if page.cancelled:
        announce_cancelled(queue, events, page.cancelled, page.woken, actor_label(actor))
        logger.info("tasks cancelled", extra={"actor": actor, "tasks": len(page.cancelled)})
    return len(page.cancelled), page.more


def _cancel_page(conn: Connection, chosen: Chosen, actor: str, reason: str) -> Page:
    """Cancel a page together with its audit entry; a page that ends nothing has none.

    It reads twice as many rows as it locks, so that rows that others lock do not block the rest.
    """
    with conn.transaction():
        seen = bulk_cancel.matching(conn, chosen, 2 * MOST_AT_ONCE)
        locked = set(bulk_cancel.lock_unfinished(conn, seen, MOST_AT_ONCE))
        fit = bulk_cancel.still_matching(conn, chosen, seen)
        roots = _whole_families(conn, [id for id in fit if id in locked])
        cancelled, woken = joins.cancel_tasks(conn, ANY_OWNER, roots, actor_label(actor), reason)
        if cancelled:
            detail = {**describe(chosen), "reason": reason, "tasks": len(cancelled)}
            audit.record_action(conn, actor, "cancel", detail)
        return Page(cancelled, woken, more=len(roots) < len(fit) or len(seen) == 2 * MOST_AT_ONCE)


def _whole_families(conn: Connection, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Return the first of these that make a page with their descendants; one at least."""
    while len(ids) > 1:
        room = MOST_AT_ONCE - len(ids)
        if len(tasks.living_descendants(conn, ANY_OWNER, ids, limit=room + 1)) <= room:
            break
        ids = ids[: len(ids) // 2]
    return ids


def describe(chosen: Chosen) -> Mapping[str, Json]:
    """Return the selection for the audit trail, with the names of the API."""
    filters = {
        "ids": [str(each) for each in chosen.ids] if chosen.ids is not None else None,
        "owner": None if chosen.owner is ANY_OWNER else chosen.owner,
        "status": chosen.status.value if chosen.status else None,
        "state": chosen.state,
        "type": chosen.type,
        "trace": chosen.trace,
        "fingerprint": chosen.fingerprint,
        "since": iso(chosen.since),
        "until": iso(chosen.until),
    }
    return {name: value for name, value in filters.items() if value is not None}
