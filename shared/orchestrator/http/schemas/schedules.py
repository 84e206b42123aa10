"""Bodies and responses of the schedule routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from orchestrator.engine.recurrence import LONGEST_EXPRESSION, LONGEST_INTERVAL, SHORTEST_INTERVAL
from orchestrator.http.schemas.requests import Body, number_only
from orchestrator.http.schemas.responses import Id, Moment, closed, extensible
from orchestrator.model.task import Json
from orchestrator.store.owners import SYSTEM_OWNER
from orchestrator.store.schedules import Overlap

Every = Annotated[int, Field(ge=SHORTEST_INTERVAL, le=LONGEST_INTERVAL), BeforeValidator(number_only)]
Cron = Annotated[str, Field(min_length=9, max_length=LONGEST_EXPRESSION)]


class CreateSchedule(Body):
    """A recurring task: `cron` (five fields, local time of `timeZone`) or `every` (seconds)."""

    type: str = Field(min_length=1, max_length=100)
    payload: dict[str, Json] = Field(default_factory=dict)
    cron: Cron | None = None
    every: Every | None = None
    timeZone: str = Field(default="UTC", min_length=1, max_length=100)
    overlap: Overlap = "allow"
    paused: bool = Field(default=False, strict=True)


class CreateOpsSchedule(CreateSchedule):
    """A recurring task of any type and of any owner; without an owner it is the system's."""

    owner: str = Field(default=SYSTEM_OWNER, min_length=1, max_length=128)


class ChangeSchedule(Body):
    """The values to change; the others stay. `cron` replaces `every` and the other way round."""

    payload: dict[str, Json] | None = None
    cron: Cron | None = None
    every: Every | None = None
    timeZone: str | None = Field(default=None, min_length=1, max_length=100)
    overlap: Overlap | None = None
    paused: bool | None = Field(default=None, strict=True)


@closed
class ScheduleView(TypedDict):
    """A recurring task; `every` is in seconds."""

    id: Id
    type: str
    payload: Json
    cron: str | None
    every: int | None
    timeZone: str
    overlap: Overlap
    paused: bool
    nextAt: Moment
    lastTaskId: Id | None
    createdAt: Moment
    updatedAt: Moment


@closed
class Schedules(TypedDict):
    """Every schedule of the caller, oldest first."""

    items: list[ScheduleView]


@closed
class OpsScheduleView(ScheduleView):
    """A recurring task as operators read it; `declared`: an agent declares it, and a deploy restores it."""

    owner: str
    declared: bool


@closed
class OpsSchedules(TypedDict):
    """A page of everybody's recurring tasks."""

    items: list[OpsScheduleView]
    nextCursor: Id | None


@extensible
class ScheduleWhy(TypedDict):
    """Why a recurring task does not run now."""

    reason: str
    message: str


@closed
class OpsScheduleDetail(OpsScheduleView):
    why: ScheduleWhy
