"""Bodies and answers of the playdates' routes, under the wire's names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, RootModel, model_validator

from playmate.schemas.shapes import Body, Id
from playmate.text_fields import RAW_PER_CHARACTER, Activity, Title

LONGEST_TEXT = 2_000
LONGEST_NOTE = 500


def _text(longest: int) -> BeforeValidator:
    def check(value: object) -> object:
        """Return a text of several lines without outer spaces; an empty one is None."""
        if not isinstance(value, str):
            return value
        if len(value) > longest * RAW_PER_CHARACTER or len(value.strip()) > longest:
            raise ValueError(f"must have at most {longest} characters")
        text = value.strip()
        if any(not char.isprintable() and char not in "\n\r\t" for char in text):
            raise ValueError("must not contain control characters")
        return text or None

    return BeforeValidator(check)


def _written(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise ValueError("must be a time such as 2026-12-05T14:00:00+01:00")
    return value


def _utc(value: datetime) -> datetime:
    if not 2000 <= value.year <= 9000:
        raise ValueError("must be a time of this century")
    return value.astimezone(UTC)


Text = Annotated[str | None, Field(max_length=LONGEST_TEXT), _text(LONGEST_TEXT)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_utc)]
Seats = Annotated[int, Field(ge=1, le=50, strict=True)]


class PlaydateBody(Body):
    """A playdate of the caller; `invite` names friends. Without `maxGuests` there is a seat for everybody."""

    title: Title
    activity: Activity
    locationName: Title
    startTime: Moment
    endTime: Moment
    description: Text = None
    notes: Text = None
    maxGuests: Seats | None = None
    invite: list[Id] = Field(default_factory=list, max_length=50)


class PlaydateChange(Body):
    """The fields to change; `null` empties a text, and gives a seat to everybody."""

    title: Title | None = None
    activity: Activity | None = None
    locationName: Title | None = None
    startTime: Moment | None = None
    endTime: Moment | None = None
    description: Text = None
    notes: Text = None
    maxGuests: Seats | None = None
    status: Literal["scheduled", "closed", "cancelled"] | None = None
    invite: list[Id] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _keeps_required_fields(self) -> Self:
        for name in ("title", "activity", "locationName", "startTime", "endTime", "status"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"must have a {name}")
        return self


class Decision(Body):
    """The host's decision about a guest."""

    status: Literal["approved", "rejected", "pending"]
    decisionNote: Annotated[str | None, Field(max_length=LONGEST_NOTE), _text(LONGEST_NOTE)] = None


class User(BaseModel):
    id: int
    name: str


class ParticipantKid(BaseModel):
    name: str
    age: int


class Participant(BaseModel):
    """`awaits`: the side that has to answer. `kids`: for the host and approved guests."""

    id: int
    userId: int
    role: Literal["host", "guest"]
    status: Literal["pending", "approved", "rejected", "left"]
    awaits: Literal["host", "guest"] | None
    joinedAt: str
    decisionNote: str | None
    user: User
    kids: list[ParticipantKid] | None


class PlaydateMetrics(BaseModel):
    approvedGuests: int
    pendingGuests: int


class PlaydateOfMembership(BaseModel):
    id: int
    title: str
    activity: str
    description: str | None
    locationName: str
    startTime: str
    endTime: str
    status: Literal["scheduled", "closed", "cancelled"]
    maxGuests: int | None
    notes: str | None
    host: User


class Playdate(PlaydateOfMembership):
    participants: list[Participant]
    metrics: PlaydateMetrics
    createdAt: str
    updatedAt: str


class Playdates(RootModel[list[Playdate]]):
    """In the order of their start."""


class Membership(BaseModel):
    """The caller's part in a friend's playdate; `participants` are those that the caller may see."""

    playdateId: int
    participantId: int
    role: Literal["host", "guest"]
    status: Literal["pending", "approved", "rejected", "left"]
    awaits: Literal["host", "guest"] | None
    joinedAt: str
    decisionNote: str | None
    playdate: PlaydateOfMembership
    participants: list[Participant]


class MyPlaydates(BaseModel):
    hosted: list[Playdate]
    joined: list[Membership]


class ParticipantAnswer(BaseModel):
    participant: Participant
    message: str


class AuditAnswer(BaseModel):
    audit: dict[str, Any]
