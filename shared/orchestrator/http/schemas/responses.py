"""Shapes of the answers, under the wire's names. Only the OpenAPI build and tests import them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, RootModel

Status = Literal["pending", "processing", "completed", "failed", "dead-letter", "cancelled"]


class Answer(BaseModel):
    """What we send: nothing beyond what is written here."""

    model_config = ConfigDict(extra="forbid")


class AnyObject(RootModel[dict[str, Any]]):
    """Any JSON object."""


class Fault(Answer):
    """One fault of the input. `message` follows the field's name in a sentence: "password: must be text"."""

    field: str
    code: str
    message: str


class Refusal(Answer):
    """Why a request was not served.

    `code` is stable and for programs. `message` is for people; for an invalid input it is the first fault itself.
    `faults` repeats `errors` for older clients.
    """

    code: str
    message: str
    errors: list[Fault]
    faults: list[Fault]
    traceId: str | None
    requestId: str | None = None


class Health(Answer):
    status: Literal["ok"]
    version: str


class TaskReceipt(Answer):
    id: UUID
    status: Status
    attempts: int
    maxAttempts: int
    traceId: str | None


class Progress(BaseModel):
    """How far a running handler says it is."""

    message: str
    percent: int | None = None
    data: dict[str, Any] | None = None


class TaskView(Answer):
    id: UUID
    type: str
    status: Status
    result: Any
    error: str | None
    attempts: int
    maxAttempts: int
    nextRunAt: datetime | None
    createdAt: datetime
    updatedAt: datetime
    progress: Progress | None
    seq: int
    traceId: str | None


class ListedTask(TaskView):
    """A large result is left out and read by the task's own route."""

    resultTruncated: bool | None = None


class TaskPage(Answer):
    items: list[ListedTask]
    nextCursor: UUID | None


class TaskEvent(Answer):
    seq: int
    kind: str
    status: Status
    attempts: int
    createdAt: datetime
    progress: Progress | None = None
    step: str | None = None
    retryInMs: int | None = None


class TaskEvents(Answer):
    items: list[TaskEvent]


class Ticket(Answer):
    ticket: str
    url: str
    expiresIn: int
