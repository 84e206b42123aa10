"""Recurring tasks: an owner's schedules, and the runs that the sweeper makes of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.owners import Owner, owner_filter
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_column, fetch_one

_SQL = load_queries("orchestrator.store", "schedules")

#: Whether a run starts while the one before is unfinished.
Overlap = Literal["allow", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSchedule:
    """The values of a schedule that is inserted; `payload` is JSON text, `every` is in seconds."""

    id: UUID
    owner_id: str
    type: str
    payload: str
    payload_version: int
    max_attempts: int
    limited: bool
    deadline: float | None
    cron: str | None
    every: int | None
    time_zone: str
    overlap: Overlap
    paused: bool
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule; `every` is in seconds, `name` is that of a schedule which an agent declares."""

    id: UUID
    owner_id: str
    name: str | None
    type: str
    payload: Json
    cron: str | None
    every: int | None
    time_zone: str
    overlap: Overlap
    paused: bool
    next_at: datetime
    last_task_id: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSchedule(Schedule):
    """A schedule with the seconds until its next run, and whether its last task is unfinished."""

    due_in: float
    unfinished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSchedule:
    """A schedule whose next run is due; `payload` is JSON text, `now` the database's time."""

    id: UUID
    owner_id: str
    type: str
    payload: str
    payload_version: int
    max_attempts: int
    limited: bool
    deadline: float | None
    cron: str | None
    every: int | None
    time_zone: str
    overlap: Overlap
    next_at: datetime
    now: datetime
    unfinished: bool


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """The task of one run, and the seconds until it is due."""

    id: UUID
    due_in: float


def insert_schedule(conn: Connection, new: NewSchedule, most: int) -> Schedule | None:
    """Insert a schedule; return None when the owner has `most` already."""
    return fetch_one(conn, Schedule, _SQL["insert_schedule"], {**asdict(new), "most": most})


def list_schedules(conn: Connection, owner: str) -> list[Schedule]:
    """Return an owner's schedules, oldest first."""
    return fetch_all(conn, Schedule, _SQL["list_schedules"], {"owner_id": owner})


def list_all_schedules(conn: Connection, owner: Owner, *, before: UUID | None, limit: int) -> list[Schedule]:
    """Return schedules of `owner`, newest first; `before` is the last id of the page before."""
    values = {**owner_filter(owner), "before": before, "limit": limit}
    return fetch_all(conn, Schedule, _SQL["list_all_schedules"], values)


def explain_schedule(conn: Connection, schedule_id: UUID) -> ExplainedSchedule | None:
    """Return any owner's schedule with all that can keep it from running."""
    return fetch_one(conn, ExplainedSchedule, _SQL["explain_schedule"], {"id": schedule_id})


def pause_schedule(conn: Connection, schedule_id: UUID, paused: bool, next_at: datetime | None) -> Schedule:
    """Pause or resume a schedule that the caller has locked."""
    values = {"id": schedule_id, "paused": paused, "next_at": next_at}
    (schedule,) = fetch_all(conn, Schedule, _SQL["pause_schedule"], values)
    return schedule


def declare_schedule(conn: Connection, declared: NewSchedule) -> None:
    """Insert or change the schedule that the agent of its type declares."""
    conn.execute(_SQL["declare_schedule"], asdict(declared))


def remove_undeclared(conn: Connection, names: Collection[str]) -> int:
    """Delete the declared schedules with other names than these; return how many."""
    return conn.execute(_SQL["remove_undeclared"], {"names": list(names)}).rowcount


def lock_schedule(conn: Connection, owner: Owner, schedule_id: UUID) -> Schedule | None:
    """Lock one schedule of `owner` until the transaction ends."""
    return fetch_one(conn, Schedule, _SQL["lock_schedule"], {"id": schedule_id, **owner_filter(owner)})


def update_schedule(conn: Connection, changed: NewSchedule) -> Schedule:
    """Write every value that its owner may change of a schedule that the caller has locked."""
    (schedule,) = fetch_all(conn, Schedule, _SQL["update_schedule"], asdict(changed))
    return schedule


def delete_schedule(conn: Connection, owner: Owner, schedule_id: UUID) -> bool:
    """Delete one schedule of `owner`; return whether it was there."""
    return conn.execute(_SQL["delete_schedule"], {"id": schedule_id, **owner_filter(owner)}).rowcount > 0


def lock_due_schedules(conn: Connection, ahead: float, limit: int) -> list[DueSchedule]:
    """Lock the schedules whose next run is due within `ahead` seconds; leave out those that another sweeper has."""
    return fetch_all(conn, DueSchedule, _SQL["lock_due_schedules"], {"ahead": ahead, "limit": limit})


def insert_scheduled_task(
    conn: Connection, task_id: UUID, schedule: DueSchedule, run_at: datetime
) -> ScheduledTask | None:
    """Insert the task of one run with its event; return None when it is there already."""
    values = {
        "id": task_id,
        "owner_id": schedule.owner_id,
        "type": schedule.type,
        "payload": schedule.payload,
        "payload_version": schedule.payload_version,
        "max_attempts": schedule.max_attempts,
        "limited": schedule.limited,
        "deadline": schedule.deadline,
        "run_at": run_at,
        "idempotency_key": f"schedule:{schedule.id}:{run_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "schedule_id": schedule.id,
    }
    return fetch_one(conn, ScheduledTask, _SQL["insert_scheduled_task"], values)


def move_schedule(conn: Connection, schedule_id: UUID, next_at: datetime, last_task_id: UUID | None) -> None:
    """Set when a schedule runs next, and its newest task if there is one."""
    conn.execute(_SQL["move_schedule"], {"id": schedule_id, "next_at": next_at, "last_task_id": last_task_id})


def database_time(conn: Connection) -> datetime:
    """Return the database's time."""
    (now,) = fetch_column(conn, datetime, _SQL["database_time"])
    return now
