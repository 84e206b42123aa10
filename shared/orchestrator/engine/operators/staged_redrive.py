"""A redrive that an operator can stop: in stages, at a rate, or both.

In stages (a canary): one dead letter, then a tenth, then the rest. A stage begins when the tasks of the stage before
are over. A failure that occurs again, or a refusal, ends the redrive. At a rate: one minute's number at a time. Each
poll by the CLI or the operator page advances it; the sweeper does so once a minute.
"""

from __future__ import annotations

import math
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskQueue
from orchestrator.engine.operators.redrive import Selection, describe, find, notify
from orchestrator.model.errors import Conflict, NotFound
from orchestrator.model.fault_injection import reach
from orchestrator.model.ids import new_task_id
from orchestrator.observability import logger
from orchestrator.store import audit, dead_letters, staged_redrives
from orchestrator.store.connection import Connection, Database
from orchestrator.store.dead_letters import RedrivenTask
from orchestrator.store.staged_redrives import Going, Outcome, StagedRedrive

#: The part of all dead letters that the second stage redrives.
SECOND_STAGE = 0.1
#: Seconds within which a page of a rate-limited redrive becomes due, as often as the sweeper runs. No stop revokes it.
AHEAD = 60.0


def begin(
    db: Database,
    queue: TaskQueue,
    events: EventQueue,
    which: Selection,
    actor: str,
    *,
    canary: bool = True,
    rate: float | None = None,
) -> tuple[StagedRedrive, list[UUID]] | None:
    """Select the dead letters and redrive the first; return the state and the ids, or None when there are none."""
    id = new_task_id()
    if not db.run(_choose, id, which, actor, canary, rate):
        return None
    first = _move_on(db, queue, events, id)
    return show(db, id), first


def advance(db: Database, queue: TaskQueue, events: EventQueue, id: UUID) -> StagedRedrive:
    """Redrive the dead letters that are due now, or end the staged redrive. Raise NotFound."""
    _move_on(db, queue, events, id)
    return show(db, id)


def advance_all(db: Database, queue: TaskQueue, events: EventQueue) -> int:
    """Advance every running redrive; return their number."""
    running = db.run(staged_redrives.running_redrives)
    for id in running:
        _move_on(db, queue, events, id)
    return len(running)


def stop(db: Database, id: UUID, actor: str) -> StagedRedrive:
    """Stop the staged redrive; tasks that it has redriven run on. Raise NotFound, or Conflict when it has ended."""
    stopped = db.run(_stop, id, f"Stopped by {actor}.", actor)
    shown = show(db, id)
    if not stopped:
        raise Conflict("This redrive has ended already.")
    return shown


def show(db: Database, id: UUID) -> StagedRedrive:
    """Return a redrive. Raise NotFound."""
    row = db.run(staged_redrives.get_redrive, id)
    if row is None:
        raise NotFound("There is no such redrive.")
    return row


def newest(db: Database, limit: int) -> list[StagedRedrive]:
    return db.run(staged_redrives.newest_redrives, limit)


def _choose(conn: Connection, id: UUID, which: Selection, actor: str, canary: bool, rate: float | None) -> int:
    """Insert the row and its audit; return its number of dead letters."""
    with conn.transaction():
        found = find(conn, which)
        if not found:
            return 0
        marks = sorted(
            {dead_letter.error["fingerprint"] for dead_letter in found if dead_letter.error.get("fingerprint")}
        )
        ids = [dead_letter.id for dead_letter in found]
        staged_redrives.insert_redrive(
            conn, id, actor=actor, canary=canary, rate=rate, task_ids=ids, fingerprints=marks
        )
        detail = {"redrive": str(id), "canary": canary, "rate": rate, "tasks": len(found)}
        audit.record_action(conn, actor, "redrive", {**describe(which), **detail})
        return len(found)


def _move_on(db: Database, queue: TaskQueue, events: EventQueue, id: UUID) -> list[UUID]:
    redriven = db.run(_let_go, id)
    reach("redrive.committed")
    notify(queue, events, redriven)
    return [task.id for task in redriven]


def _let_go(conn: Connection, id: UUID) -> list[RedrivenTask]:
    """Return the dead letters to redrive now; none when it waits, has ended, or another process advances it."""
    with conn.transaction():
        going = staged_redrives.lock_redrive(conn, id)
        if going is None:
            return []
        outcome = staged_redrives.outcome_so_far(conn, id)
        trouble = _trouble(outcome) if going.canary else None
        if trouble is not None:
            _stop(conn, id, *trouble)
            return []
        released = _may_go(going, outcome.open)
        if released > going.released:
            return _redrive(conn, going, released)
        if going.released == going.total and not outcome.open:
            staged_redrives.end_redrive(conn, id, "done")
        return []


def _trouble(outcome: Outcome) -> tuple[str, str, UUID | None] | None:
    """Why a canary is stopped, by whom, and the task that did it."""
    if outcome.failed_as is not None:
        return f"The failure {outcome.failed_as} came back.", "canary", outcome.failed_task
    if outcome.refused:
        were = "was" if outcome.refused == 1 else "were"
        text = f"{outcome.refused} of the released tasks {were} refused."
        return f"{text} A new redrive without stages goes on all the same.", "canary", outcome.refused_task
    return None


def _may_go(going: Going, open: int) -> int:
    """Return the number of dead letters that may be redriven by now."""
    end = _stage_end(going, open)
    if going.rate is None:
        return end
    return min(end, going.released + max(0, math.ceil((AHEAD - going.paced_for) * going.rate)))


def _stage_end(going: Going, open: int) -> int:
    """Return the end of the stage under way; the next one's end when it is over."""
    if not going.canary:
        return going.total
    ends = (1, math.ceil(going.total * SECOND_STAGE), going.total)
    if going.released in ends and open:
        return going.released
    return next((end for end in ends if end > going.released), going.total)


def _redrive(conn: Connection, going: Going, released: int) -> list[RedrivenTask]:
    paced_for = going.paced_for + (released - going.released) / going.rate if going.rate else None
    ids = staged_redrives.release(conn, going.id, after=going.released, released=released, paced_for=paced_for)
    return dead_letters.redrive(conn, ids, going.actor, rate=going.rate, first_in=going.paced_for)


def _stop(conn: Connection, id: UUID, reason: str, actor: str, failed_task: UUID | None = None) -> bool:
    """Stop it together with its audit; return False when it had ended."""
    with conn.transaction():
        stopped = staged_redrives.end_redrive(conn, id, "stopped", reason, failed_task)
        if stopped:
            trouble = {"reason": reason, "task": str(failed_task)} if failed_task else {}
            audit.record_action(conn, actor, "stop", {"redrive": str(id), **trouble})
            logger.warning("redrive stopped", redrive=str(id), reason=reason)
        return stopped
