"""Bodies and answers of the plan's routes, and of the operators' search for accounts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from playmate.schemas.shapes import Body, time_zone


class Owner(BaseModel):
    """An account as operators see one."""

    owner: str
    name: str


class Owners(BaseModel):
    """The accounts that match, by name; ten at most."""

    items: list[Owner]


class PlanSettings(Body):
    """How far the family travels (km), and the time zone of its device; an absent field stays."""

    reachKm: Annotated[int, Field(ge=1, le=1000)] | None = None
    timeZone: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(time_zone)] | None = None


class TooFar(BaseModel):
    """A friend beyond the family's reach."""

    friendId: int
    friendName: str
    distanceKm: float


class Plan(BaseModel):
    """The family's plan; suggestions in order of time, those without a time last."""

    state: Literal["none", "planning", "ready", "stale", "off"]
    message: str | None
    suggestions: list[dict[str, Any]]
    tooFar: list[TooFar]
    reachKm: int
    plannedAt: str | None
    taskId: str | None
