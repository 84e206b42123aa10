"""Recurring tasks: owners' schedules, those that agents declare, and the runs that the sweeper inserts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from orchestrator.aws.queues import LONGEST_DELAY, TaskMessage, TaskQueue
from orchestrator.engine.agents import Agent, Agents
from orchestrator.engine.recurrence import BadRecurrence, Recurrence
from orchestrator.engine.submit import TaskRequest, validate
from orchestrator.model.errors import Conflict, Fault, InvalidInput, NotFound
from orchestrator.model.fault_injection import reach
from orchestrator.model.ids import new_task_id
from orchestrator.model.json_encoding import sent_size
from orchestrator.model.task import Json
from orchestrator.store import schedules as store
from orchestrator.store.connection import Connection, Database
from orchestrator.store.owners import SYSTEM_OWNER
from orchestrator.store.schedules import DueSchedule, NewSchedule, Overlap, Schedule

#: Schedules of one owner.
MOST_SCHEDULES = 100
#: Bytes of a schedule's payload as it is sent: the list of an owner's schedules shows all of them in one answer.
LARGEST_PAYLOAD = 10_000
#: Schedules that one transaction moves on, and runs of one schedule that it inserts at most.
PAGE, MOST_RUNS = 100, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRequest:
    """A schedule as its owner asks for it; `overlap` is `allow` or `skip`."""

    owner: str
    type: str
    payload: Mapping[str, Json]
    recurrence: Recurrence
    overlap: Overlap = "allow"
    paused: bool = False
    #: A user asks for it: only types that are open to users.
    by_user: bool = True


def create(db: Database, agents: Agents, request: ScheduleRequest) -> Schedule:
    """Insert a schedule. Raise InvalidInput with every fault, or Conflict when the owner has too many."""
    agent, payload = _checked(agents, request)
    with db.transaction() as conn:
        new = _new(conn, new_task_id(), request, agent, payload)
        made = store.insert_schedule(conn, new, MOST_SCHEDULES)
    if made is None:
        raise Conflict(
            f"You have {MOST_SCHEDULES} schedules, which is the most; delete one first.", code="too_many_schedules"
        )
    return made


def change(
    db: Database, agents: Agents, owner: str, schedule_id: UUID, merge: Callable[[Schedule], ScheduleRequest]
) -> Schedule:
    """Write the schedule that `merge` makes of the stored one. Raise NotFound, or InvalidInput with every fault.

    The next run is counted from now when the rhythm changes or the schedule is no longer paused.
    """
    with db.transaction() as conn:
        before = store.lock_schedule(conn, owner, schedule_id)
        if before is None:
            raise NotFound("There is no such schedule.")
        request = merge(before)
        agent, payload = _checked(agents, request, keeps_payload=request.payload == before.payload)
        goes_on = request.recurrence == _recurrence(before) and not before.paused
        new = _new(conn, schedule_id, request, agent, payload, next_at=before.next_at if goes_on else None)
        return store.update_schedule(conn, new)


def declare(conn: Connection, agents: Agents) -> int:
    """Bring the system's schedules in line with what agents declare (`every=`), at a deploy; return their number."""
    declared = [agent for agent in agents.all() if agent.every is not None]
    with conn.transaction():
        for agent in declared:
            request = ScheduleRequest(
                owner=SYSTEM_OWNER,
                type=agent.type,
                payload={},
                recurrence=agent.every or Recurrence(None, None),
                overlap=agent.overlap,
                by_user=False,
            )
            _, payload = _checked(agents, request)
            store.declare_schedule(conn, _new(conn, new_task_id(), request, agent, payload))
        store.remove_undeclared(conn, [agent.type for agent in declared])
    return len(declared)


def insert_due_runs(db: Database, queue: TaskQueue, remaining: Callable[[], float]) -> int:
    """Insert the tasks of all runs that are due, move the schedules on, and send the task messages; return how many.

    A run is inserted up to 15 minutes ahead, so that the queue's own delay makes it exact. Any number of sweepers may
    do this at once: each schedule is moved in the transaction that inserts its tasks.
    """
    inserted = 0
    while remaining() > 5.0:
        messages: list[TaskMessage] = []
        with db.transaction() as conn:
            due = store.lock_due_schedules(conn, LONGEST_DELAY, PAGE)
            for schedule in due:
                messages += _insert_runs(conn, schedule)
        reach("sweep.scheduled")
        if messages:
            queue.send(messages)
        inserted += len(messages)
        if len(due) < PAGE:
            break
    return inserted


def _insert_runs(conn: Connection, schedule: DueSchedule) -> Iterator[TaskMessage]:
    runs, next_at = _runs(schedule)
    newest: UUID | None = None
    for run_at in runs:
        task = store.insert_scheduled_task(conn, new_task_id(), schedule, run_at)
        if task is not None:
            newest = task.id
            delay = max(0, math.ceil(task.due_in))
            yield TaskMessage(task.id, schedule.owner_id, delay, type=schedule.type)
    store.move_schedule(conn, schedule.id, next_at, newest)


def _runs(schedule: DueSchedule) -> tuple[list[datetime], datetime]:
    """Return the runs to insert now, and the time of the next one.

    With overlap `allow` no run is missing, however late the sweeper is. With `skip` there is one run for all that were
    missed, and none while the last one is unfinished.
    """
    recurrence = Recurrence(schedule.cron, schedule.every, schedule.time_zone)
    if schedule.overlap == "skip":
        runs = [] if schedule.unfinished else [schedule.next_at]
        return runs, recurrence.first_after(schedule.next_at, schedule.now)
    runs, next_at = [], schedule.next_at
    while next_at <= schedule.now + timedelta(seconds=LONGEST_DELAY) and len(runs) < MOST_RUNS:
        runs.append(next_at)
        next_at = recurrence.next_after(next_at)
    return runs, next_at


def _checked(agents: Agents, request: ScheduleRequest, *, keeps_payload: bool = False) -> tuple[Agent, str]:
    """Return the agent and the payload as JSON text. Raise InvalidInput with every fault."""
    faults: list[Fault] = []
    try:
        request.recurrence.check()
    except BadRecurrence as error:
        faults.append(Fault(error.field, str(error)))
    try:
        task = TaskRequest(owner=request.owner, type=request.type, payload=request.payload, by_user=request.by_user)
        valid = validate(agents, task)
    except InvalidInput as error:
        raise InvalidInput(error.message, [*error.faults, *faults]) from error
    if not keeps_payload and (size := sent_size(valid.payload)) > LARGEST_PAYLOAD:
        message = f"is too large: it has {size} bytes, and a schedule's payload {LARGEST_PAYLOAD} at most"
        faults.append(Fault("payload", message, "too_long"))
    if faults:
        raise InvalidInput("The schedule was not accepted.", faults)
    return valid.agent, valid.payload


def _new(
    conn: Connection,
    schedule_id: UUID,
    request: ScheduleRequest,
    agent: Agent,
    payload: str,
    next_at: datetime | None = None,
) -> NewSchedule:
    return NewSchedule(
        id=schedule_id,
        owner_id=request.owner,
        type=agent.type,
        payload=payload,
        payload_version=agent.version,
        max_attempts=agent.max_attempts,
        limited=agent.is_limited,
        deadline=agent.deadline,
        cron=request.recurrence.cron,
        every=request.recurrence.every,
        time_zone=request.recurrence.time_zone,
        overlap=request.overlap,
        paused=request.paused,
        next_at=next_at or request.recurrence.next_after(store.database_time(conn)),
    )


def _recurrence(schedule: Schedule) -> Recurrence:
    return Recurrence(schedule.cron, schedule.every, schedule.time_zone)
