"""Bodies of the orchestrator's routes. Imported by the first request that has one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict, JsonValue

from orchestrator.http.request import moment
from orchestrator.model.durations import LONGEST, seconds_of
from orchestrator.model.states import UnfinishedState

#: Dead letters one request may name.
MOST_IDS = 1_000
#: Tasks of one batch.
MOST_TASKS = 100
#: The earliest time that a task may be scheduled for.
EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
#: The furthest a task may be scheduled ahead.
LONGEST_WAIT = timedelta(days=366)


#: A date comes first: a text of digits is no moment, although pydantic would read it as seconds since 1970.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _text_only(value: object) -> object:
    if value is not None and not (isinstance(value, str) and _DATE.match(value)):
        raise ValueError("must be a date and time such as 2026-01-31T12:00:00Z")
    return value


def _within_a_year(value: datetime | None) -> datetime | None:
    """Return the time. Raise ValueError beyond a year: waiting tasks are stored, and must not fill the disk."""
    if value is not None and not EARLIEST <= value <= datetime.now(UTC) + LONGEST_WAIT:
        raise ValueError("must lie after 1970 and no more than a year ahead")
    return value


def _as_moment(value: object) -> datetime:
    return moment(value if isinstance(value, str) else "")


Moment = Annotated[
    datetime,
    BeforeValidator(_as_moment),
    WithJsonSchema({"type": "string", "maxLength": 40, "description": "A moment, or how long ago it is: 90s, 15m, 1h"}),
]


def number_only(value: object) -> object:
    """Before an int field: 4.0 is a whole number to JSON Schema, "4" and true are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a whole number")
    return value


def _life(value: object) -> float:
    """Return the seconds of a number, or of a text with a unit. Raise ValueError."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number or (isinstance(value, str) and _LIFE.fullmatch(value))):
        raise ValueError("must be seconds, or a text such as 90s, 15m, 2h or 7d")
    seconds = seconds_of(cast("float | str", value))
    if seconds <= 0:
        raise ValueError("must be longer than 0 seconds")
    return seconds


_LIFE = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?[smhd]", re.ASCII)
Life = Annotated[
    float,
    BeforeValidator(_life),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST},
                {"type": "string", "pattern": r"^[0-9]{1,8}(\.[0-9]{1,3})?[smhd]$"},
            ]
        }
    ),
]


class Body(BaseModel):
    """The body of a request: an unknown field is a fault."""

    model_config = ConfigDict(extra="forbid")


class UniqueTask(Body):
    """The unique key of a task, and the rule for a submit that finds it taken by an unfinished task of the caller."""

    key: str = Field(min_length=1, max_length=200, pattern=r"^[ -~]+$")
    rule: Literal["return", "replace", "reject"] = "return"


class DebouncedTask(Body):
    """A unique key with the rule `debounce`.

    The task runs `seconds` after the last submit, `max` seconds after the first one at the latest.
    """

    key: str = Field(min_length=1, max_length=200, pattern=r"^[ -~]+$")
    rule: Literal["debounce"]
    seconds: Annotated[float, Field(ge=0.1, le=86_400), BeforeValidator(number_only)]
    max: Annotated[float, Field(ge=0.1, le=31_622_400), BeforeValidator(number_only)] | None = None


class SubmitTask(Body):
    """A task of a type that is open to users."""

    type: str = Field(min_length=1, max_length=100)
    payload: dict[str, Any] = Field(default_factory=dict)
    maxAttempts: Annotated[int, Field(ge=1, le=20), BeforeValidator(number_only)] | None = None
    scheduleAt: Annotated[AwareDatetime | None, BeforeValidator(_text_only), AfterValidator(_within_a_year)] = None
    #: Of the whole life from when the task is first due: seconds, or a text such as 90s, 15m, 2h or 7d.
    deadline: Life | None = None
    unique: UniqueTask | DebouncedTask | None = None


class SubmitBatch(Body):
    """Up to 100 tasks. Each is checked by itself, and its faults stand in its own answer."""

    tasks: list[Any] = Field(min_length=1, max_length=MOST_TASKS)


class SendSignal(Body):
    """The value of a signal. `answerToken` stands for a sign-in."""

    value: Any
    answerToken: str = Field(default="", max_length=100, pattern=r"^ask_[A-Za-z0-9_-]+$")


CHOICE_SCHEMA: JsonDict = {
    "oneOf": [
        {"required": ["ids"]},
        {"anyOf": [{"required": ["type"]}, {"required": ["fingerprint"]}, {"required": ["version"]}]},
        {"required": ["all"], "properties": {"all": {"const": True}}},
    ]
}


class Choice(Body):
    """Dead letters by exactly one of: their ids; their type, fingerprint or code version, or several; all of them.

    The fingerprint or version `-` is that of those without one. A call moves the oldest 1,000 at most.
    """

    model_config = ConfigDict(json_schema_extra=CHOICE_SCHEMA)

    ids: list[UUID] = Field(default_factory=list, min_length=1, max_length=MOST_IDS)
    type: str = Field(default="", min_length=1, max_length=100, pattern=r"^[A-Za-z0-9.]+$")
    fingerprint: str = Field(default="", min_length=1, max_length=200, pattern=r"^[A-Za-z0-9-]+$")
    #: Of the code that ran the last attempt.
    version: str = Field(default="", min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._+-]+$")
    all: bool = Field(default=False, strict=True)
    #: Only preview the move.
    dryRun: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((bool(self.ids), bool(self.type or self.fingerprint or self.version), self.all)) != 1:
            raise ValueError("needs exactly one of: ids; type, fingerprint, version or several of these; all")
        return self


class ChangeFlag(Body):
    """On for everybody, for nobody, or for so many percent of owners and those named; `forget`: no rule at all."""

    on: bool = Field(default=False, strict=True)
    percent: Annotated[int, Field(ge=0, le=100, strict=True)] = 0
    owners: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(default_factory=list, max_length=1_000)
    forget: bool = Field(default=False, strict=True)
    #: In steps, rolled back by an alarm; otherwise at once.
    gradual: bool = Field(default=False, strict=True)


class AbortRollout(Body):
    #: The deployment's number: another one that has begun meanwhile is left alone.
    deployment: Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(number_only)]


class RotateKeys(Body):
    #: Tokens signed before are not good any more.
    revoke: bool = Field(default=False, strict=True)


class Redrive(Choice):
    #: One, then a tenth, then the rest, stopping when the failure comes back or one is refused.
    canary: bool = Field(default=False, strict=True)
    #: Tasks a second; without one all fall due at once.
    rate: Annotated[float, Field(ge=0.001, le=1_000), BeforeValidator(number_only)] | None = None


def _reason_unless(trial: str) -> list[JsonValue]:
    return [{"required": ["reason"]}, {"required": [trial], "properties": {trial: {"const": True}}}]


class Discard(Choice):
    """A reason is needed, unless it is a dry run."""

    model_config = ConfigDict(json_schema_extra={**CHOICE_SCHEMA, "anyOf": _reason_unless("dryRun")})

    reason: str = Field(default="", max_length=500, pattern=r"\S")

    @model_validator(mode="after")
    def _with_reason(self) -> Self:
        if not self.reason and not self.dryRun:
            raise ValueError("needs a reason")
        return self


#: Filters that choose tasks to be cancelled; `until` alone would choose all of them.
CANCEL_FILTERS = ("type", "owner", "status", "state", "trace", "fingerprint", "since")


class RunAgain(Body):
    """Why a task is run again; `payload` replaces the task's own where it is given."""

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")
    payload: dict[str, Any] | None = None


class AddNote(Body):
    """A note for other operators; it must not contain personal data."""

    text: str = Field(min_length=1, max_length=1000, pattern=r"\S")


class CancelTasks(Body):
    """Unfinished tasks by their ids, or by filters of the operators' list, all of which must match; one is required.

    A reason is needed, unless it is a preview. A call cancels the oldest 1,000 at most.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["ids"], "not": {"anyOf": [{"required": [word]} for word in (*CANCEL_FILTERS, "until")]}},
                {"anyOf": [{"required": [word]} for word in CANCEL_FILTERS], "not": {"required": ["ids"]}},
            ],
            "anyOf": _reason_unless("preview"),
        }
    )

    ids: list[UUID] = Field(default_factory=list, min_length=1, max_length=MOST_IDS)
    type: str = Field(default="", min_length=1, max_length=100)
    owner: str = Field(default="", min_length=1, max_length=128)
    status: Literal["pending", "processing"] | None = None
    #: The state of the tasks.
    state: UnfinishedState | None = None
    trace: str = Field(default="", pattern="^[0-9a-fA-F]{32}$")
    fingerprint: str = Field(default="", min_length=1, max_length=200)
    #: Of the submit.
    since: Moment | None = None
    until: Moment | None = None
    reason: str = Field(default="", max_length=500, pattern=r"\S")
    #: Only preview the cancel.
    preview: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        filtered = any(getattr(self, word) for word in CANCEL_FILTERS)
        if bool(self.ids) == filtered or (self.ids and self.until):
            raise ValueError(
                f"needs either ids, or one or several of: {', '.join(CANCEL_FILTERS)}, and until with these"
            )
        if not self.reason and not self.preview:
            raise ValueError("needs a reason")
        return self
