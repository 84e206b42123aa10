"""Bodies and answers of the application's routes, under the wire's names."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationInfo,
    field_validator,
    model_validator,
)

from playmate.domain.names import RESERVED_NAMES, name_fault, name_key
from playmate.domain.password_strength import SHORTEST, weakness
from playmate.domain.weekly import Window, clock_text, minute_of
from playmate.domain.wording import DAYS
from playmate.sources.geography import known_zone
from playmate.text_fields import AccountName, Activity, Email, Name

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def _account_name(value: str) -> str:
    if "@" in value:
        raise ValueError("must not contain @, which marks an e-mail address")
    fault = name_fault(value)
    if fault:
        raise ValueError(fault)
    if name_key(value) in RESERVED_NAMES:
        raise ValueError("is reserved; please choose another name")
    return value


def _email(value: str) -> str:
    if not value.isascii() or not EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address (of ASCII characters)")
    return value.lower()


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Id = Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(_no_boolean)]


class Body(BaseModel):
    """A body of a request: an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid")


class Signup(Body):
    name: Annotated[AccountName, AfterValidator(_account_name)]
    email: Annotated[Email, AfterValidator(_email)]
    password: str = Field(max_length=256, repr=False, json_schema_extra={"minLength": SHORTEST})

    @field_validator("password")
    @classmethod
    def _strong(cls, value: str, others: ValidationInfo) -> str:
        weak = weakness(value, *(str(others.data[field]) for field in ("name", "email") if field in others.data))
        if weak:
            raise ValueError(weak)
        return value


class Login(BaseModel):
    """Name or e-mail address under any of three names; other fields of a form are ignored."""

    identifier: str = Field(
        min_length=1, max_length=254, validation_alias=AliasChoices("identifier", "username", "email")
    )
    password: str = Field(min_length=1, max_length=256, repr=False)


class PasswordChange(Body):
    current: str = Field(min_length=1, max_length=256, repr=False)
    password: str = Field(max_length=256, repr=False, json_schema_extra={"minLength": SHORTEST})


class Account(BaseModel):
    id: int
    name: str
    email: str


class SignedIn(BaseModel):
    status: Literal["success"]
    data: list[Account]
    message: str
    accessToken: str
    expiresIn: int


class Message(BaseModel):
    message: str


class TaskAccepted(BaseModel):
    taskId: str
    status: str
    traceId: str


class FriendAskBody(Body):
    friendname: Name


class FriendStateBody(Body):
    friendId: Id
    friendshipState: Literal[0, 1, 2]


class FriendRef(Body):
    friendId: Id


class Friend(BaseModel):
    id: int
    name: str


class Friends(RootModel[list[Friend]]):
    """By name."""


class PointBody(Body):
    """Degrees; a value out of range is brought back into it, and anything but a finite number is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    playdate_latit: float
    playdate_longi: float


class Point(BaseModel):
    """The guardian's playdate point; nulls until there is one."""

    playdate_latit: float | None
    playdate_longi: float | None


class KidBody(Body):
    name: Name
    age: Annotated[int, Field(ge=0, le=17, strict=True)]
    favoriteActivity: Activity


class Kid(BaseModel):
    id: int
    name: str
    age: int
    favoriteActivity: str
    guardianId: int


class Kids(RootModel[list[Kid]]):
    """In the order they were added."""


def _weekday(value: object) -> object:
    """Return the number of an English name of the day; a number stays."""
    names = [name.lower() for name in DAYS]
    if isinstance(value, str) and value.lower() in names:
        return names.index(value.lower()) + 1
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number from 1 (Monday) to 7, or an English name of the day")
    return value


def time_zone(value: str) -> str:
    if known_zone(value) is None:
        raise ValueError("must be an IANA time zone such as Europe/Paris")
    return value


def _clock(value: str) -> str:
    return clock_text(minute_of(value))


Clock = Annotated[str, Field(max_length=5), AfterValidator(_clock)]


class WindowBody(Body):
    """Every week on one day, from one time of the day to a later one; 1 is Monday, 7 Sunday."""

    weekday: Annotated[int, BeforeValidator(_weekday), Field(ge=1, le=7)]
    start: Clock
    end: Clock

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if minute_of(self.start) >= minute_of(self.end):
            raise ValueError("must end after it starts, on the same day")
        return self

    def window(self) -> Window:
        return Window(self.weekday, minute_of(self.start), minute_of(self.end))


class AvailabilityBody(Body):
    timeZone: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(time_zone)]
    windows: Annotated[list[WindowBody], Field(max_length=70)]


class WindowShown(BaseModel):
    weekday: int
    start: str
    end: str


class Availability(BaseModel):
    """The family's calendar; isDefault until the guardian puts one."""

    timeZone: str
    windows: list[WindowShown]
    isDefault: bool


class LeaderboardItem(BaseModel):
    activity: str
    kidCount: int
    avgDistanceKm: float | None
    closestFriend: str | None = None
    friendId: int
    friendName: str
    friendLatitude: float | None
    friendLongitude: float | None


class Leaderboard(BaseModel):
    sort: Literal["popularity", "distance", "alphabetical"]
    items: list[LeaderboardItem]


class Playmate(BaseModel):
    kidId: int
    kidName: str
    age: int
    favoriteActivity: str
    guardianId: int
    guardianName: str


class Recommendations(BaseModel):
    sort: Literal["popularity", "distance", "alphabetical"]
    leaderboard: list[LeaderboardItem]
    friendRecommendations: list[dict[str, Any]]
    playmates: list[Playmate]


class KnowledgeBody(Body):
    """Nothing: the documents that came with this version."""

    markdown: Annotated[str, Field(max_length=200_000)] = ""


class KnowledgeLoaded(BaseModel):
    documents: int
    changed: int


class InboxItem(BaseModel):
    id: UUID
    type: str
    result: Any
    updatedAt: datetime


class Inbox(BaseModel):
    items: list[InboxItem]
