"""Operators and schedules: of any owner, with the reason why one does not run."""

from __future__ import annotations

from uuid import UUID

from orchestrator.engine.agents import Agents
from orchestrator.engine.recurrence import Recurrence
from orchestrator.engine.schedules import ScheduleRequest
from orchestrator.engine.schedules import create as create_schedule
from orchestrator.model.errors import NotFound
from orchestrator.model.task import Json, iso
from orchestrator.store import audit
from orchestrator.store import schedules as store
from orchestrator.store.connection import Database
from orchestrator.store.owners import ANY_OWNER
from orchestrator.store.schedules import ExplainedSchedule, Schedule

#: Seconds after which a due run is late: the sweeper runs once a minute.
LATE = 120


def create(db: Database, agents: Agents, request: ScheduleRequest, actor: str) -> Schedule:
    """Insert a schedule for any owner, with its entry in the audit trail."""
    made = create_schedule(db, agents, request)
    db.run(audit.record_action, actor, "schedule-create", _detail(made))
    return made


def set_paused(db: Database, schedule_id: UUID, paused: bool, actor: str) -> Schedule:
    """Pause or resume a schedule. A resumed one makes up for no missed run. Raise NotFound."""
    with db.transaction() as conn:
        before = store.lock_schedule(conn, ANY_OWNER, schedule_id)
        if before is None:
            raise NotFound("There is no such schedule.")
        next_at = None
        if before.paused and not paused:
            recurrence = Recurrence(before.cron, before.every, before.time_zone)
            next_at = recurrence.next_after(store.database_time(conn))
        changed = store.pause_schedule(conn, schedule_id, paused, next_at)
        audit.record_action(conn, actor, "schedule-pause" if paused else "schedule-resume", _detail(changed))
        return changed


def delete(db: Database, schedule_id: UUID, actor: str) -> None:
    """Delete a schedule of any owner; its tasks stay. Raise NotFound."""
    with db.transaction() as conn:
        before = store.lock_schedule(conn, ANY_OWNER, schedule_id)
        if before is None:
            raise NotFound("There is no such schedule.")
        store.delete_schedule(conn, ANY_OWNER, schedule_id)
        audit.record_action(conn, actor, "schedule-delete", _detail(before))


def explain(schedule: ExplainedSchedule) -> dict[str, Json]:
    """Return {reason, message}: why the schedule does not run now."""
    next_at = iso(schedule.next_at)
    if schedule.paused:
        return {"reason": "paused", "message": "It is paused; resume it to run it again."}
    if schedule.overlap == "skip" and schedule.unfinished and schedule.due_in <= 0:
        message = f"Its last task {schedule.last_task_id} is unfinished, and its overlap rule is skip."
        return {"reason": "last-run-unfinished", "message": message}
    if schedule.due_in < -LATE:
        message = f"A run has been due for {-schedule.due_in:.0f} s, and the sweeper, which inserts its task, is late."
        return {"reason": "sweeper-late", "message": message}
    return {"reason": "scheduled", "message": f"It runs next at {next_at}, in {max(0.0, schedule.due_in):.0f} s."}


def _detail(schedule: Schedule) -> dict[str, Json]:
    return {"schedule": str(schedule.id), "owner": schedule.owner_id, "type": schedule.type}
