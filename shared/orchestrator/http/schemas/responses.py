"""Shapes of the answers, under the wire's names.

mypy checks the serializers against them, and the OpenAPI document is generated from them. At run time only the
OpenAPI build and tests import this module.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from orchestrator.model.states import Status
from orchestrator.model.task import Json


def _is_uuid(text: str) -> str:
    UUID(text)
    return text


def _is_moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


#: A UUID as text.
Id: TypeAlias = Annotated[str, AfterValidator(_is_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
#: A moment as ISO 8601 text.
Moment: TypeAlias = Annotated[
    str, AfterValidator(_is_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
StatusName: TypeAlias = Annotated[
    str, AfterValidator(lambda text: Status(text).value), WithJsonSchema({"type": "string", "enum": list(Status)})
]

#: A shape with no fields but its own.
closed = with_config(ConfigDict(extra="forbid"))
#: A shape that may have more fields.
extensible = with_config(ConfigDict(extra="ignore"))

#: Any JSON object.
AnyObject: TypeAlias = Annotated[dict[str, Json], Field(title="AnyObject", description="Any JSON object.")]


@closed
class Fault(TypedDict):
    """One fault of the input. `message` follows the field's name in a sentence: "password: must be text"."""

    field: str
    code: str
    message: str


@closed
class Refusal(TypedDict):
    """Why a request was not served.

    `code` is stable and for programs. `message` is for people; for an invalid input it is the first fault itself.
    `faults` repeats `errors` for older clients.
    """

    code: str
    message: str
    errors: list[Fault]
    faults: list[Fault]
    traceId: str | None
    requestId: NotRequired[str | None]
    #: Of the first answer, where a second one is refused.
    answeredAt: NotRequired[Moment]
    answeredBy: NotRequired[Literal["you", "operator", "other"]]


@closed
class Health(TypedDict):
    status: Literal["ok"]
    version: str


@closed
class TaskReceipt(TypedDict):
    id: Id
    status: StatusName
    attempts: int
    maxAttempts: int
    traceId: str | None


@closed
class BatchItem(TypedDict):
    """A task of a batch: its id and status, or the faults for which it was not accepted."""

    id: NotRequired[Id]
    status: NotRequired[StatusName]
    errors: NotRequired[list[Fault]]


@closed
class BatchReceipt(TypedDict):
    """The answers to the tasks of a batch, in their order."""

    items: list[BatchItem]


@extensible
class Progress(TypedDict):
    """The progress that a running handler reports."""

    message: str
    percent: NotRequired[int | None]
    data: NotRequired[dict[str, Json] | None]


WaitKind: TypeAlias = Literal["children", "sleep", "signal", "approval", "budget"]
AskKind: TypeAlias = Literal["signal", "approval"]
WaitReasonName: TypeAlias = Literal["answer", "turn", "children", "retry", "schedule", "flag", "limit", "budget"]


@closed
class WaitingFor(TypedDict):
    """The reason for which a pending task waits; `until` is the end of the wait.

    `kind` and `name` are those of a wait in the handler. The route of one task adds the other fields: `sentence` is for
    people and has no time, `since` is the begin of the wait, `act` is what its owner can do about it.
    """

    kind: NotRequired[WaitKind]
    name: NotRequired[str]
    until: Moment | None
    reason: NotRequired[WaitReasonName]
    sentence: NotRequired[str]
    since: NotRequired[Moment]
    act: NotRequired[Literal["answer", "details"] | None]


@closed
class Ask(TypedDict):
    """An open question. `schema` is the JSON schema of the answer, `shown` is the subject of an approval.

    `answerToken` is null where the reader may not answer.
    """

    name: str
    kind: AskKind
    schema: Json
    shown: Json
    expiresAt: Moment | None
    answerToken: str | None


@closed
class AddressedAsk(Ask):
    """An open question of any task that the caller may answer."""

    taskId: Id


@closed
class Asks(TypedDict):
    items: list[AddressedAsk]


@closed
class Cost(TypedDict):
    """The recorded model calls of a task; `micros` are millionths of the currency of the prices."""

    micros: int
    calls: int
    inputTokens: int
    outputTokens: int


@closed
class TaskView(TypedDict):
    id: Id
    type: str
    status: StatusName
    result: Json
    error: str | None
    attempts: int
    maxAttempts: int
    nextRunAt: Moment | None
    createdAt: Moment
    updatedAt: Moment
    progress: Progress | None
    seq: int
    traceId: str | None
    #: The end of the task's life, retries and waits included.
    deadline: NotRequired[Moment]
    waitingFor: NotRequired[WaitingFor]
    asks: NotRequired[list[Ask]]
    #: Present when a model was called.
    cost: NotRequired[Cost]


@closed
class ListedTask(TaskView):
    """A large result is left out and read by the task's own route."""

    resultTruncated: NotRequired[bool | None]


@closed
class TaskPage(TypedDict):
    items: list[ListedTask]
    nextCursor: Id | None


@closed
class TaskEvent(TypedDict):
    seq: int
    kind: str
    status: StatusName
    attempts: int
    createdAt: Moment
    progress: NotRequired[Progress | None]
    step: NotRequired[str | None]
    retryInMs: NotRequired[int | None]


@closed
class TaskEvents(TypedDict):
    items: list[TaskEvent]


@closed
class StreamText(TypedDict):
    """The text of a stream after `offset` characters; a later `generation` replaces the text of those before."""

    generation: int
    offset: int
    text: str
    done: bool


@closed
class Ticket(TypedDict):
    ticket: str
    url: str
    expiresIn: int


@closed
class SignalReceipt(TypedDict):
    """A signal that is stored; the task goes on as soon as it waits for it."""

    taskId: Id
    name: str
