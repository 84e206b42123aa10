"""Shapes of the answers to operators, as `responses` has those to owners."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypeAlias

from pydantic import AfterValidator, WithJsonSchema
from typing_extensions import TypedDict

from orchestrator.http.schemas.responses import Id, ListedTask, Moment, StatusName, TaskView, closed, extensible
from orchestrator.model.states import Status
from orchestrator.model.task import Json

#: Of a task that is not over.
UnfinishedStatus: TypeAlias = Annotated[
    str,
    AfterValidator(lambda text: Status(text).value),
    WithJsonSchema({"type": "string", "enum": [Status.PENDING, Status.PROCESSING]}),
]


@closed
class OpsListedTask(ListedTask):
    owner: str
    finishedAt: Moment | None
    errorDetail: Json
    flags: dict[str, bool] | None
    parentId: Id | None


@closed
class OpsTaskPage(TypedDict):
    """A page may have fewer items than asked for although `nextCursor` is set."""

    items: list[OpsListedTask]
    nextCursor: str | None


@closed
class OpsTask(TaskView):
    payload: Json
    owner: str
    finishedAt: Moment | None
    errorDetail: Json
    flags: dict[str, bool] | None
    parentId: Id | None
    #: No other unfinished task of its owner and type has it.
    uniqueKey: str | None


@closed
class OpsEvent(TypedDict):
    seq: int
    kind: str
    status: StatusName
    attempts: int
    createdAt: Moment
    data: Json


@closed
class OpsChild(TypedDict):
    id: Id
    type: str
    status: StatusName
    error: Json


@extensible
class Why(TypedDict):
    """The reason of a task's state: a code for programs, a sentence for people, and the facts of the code."""

    reason: str
    message: str


@closed
class Note(TypedDict):
    """A note of an operator on a task."""

    id: int
    createdAt: Moment
    actor: str
    text: str


class EventHistory(TypedDict):
    events: list[OpsEvent]
    eventsTruncated: bool


@closed
class TaskDetail(OpsTask, EventHistory):
    """The newest events, or those after a seq. `eventsTruncated`: there are more, before or after them."""

    why: Why
    children: list[OpsChild]
    notes: list[Note]


@closed
class DeadLetter(TypedDict):
    id: Id
    owner: str
    type: str
    attempts: int
    error: Json
    deadSince: Moment


@closed
class Example(TypedDict):
    id: Id
    owner: str
    error: Json


@closed
class FailureGroup(TypedDict):
    """Those of one type that failed alike under one version of the code; the example is the newest."""

    fingerprint: str
    type: str
    version: str
    count: int
    owners: int
    firstSeen: Moment
    lastSeen: Moment
    example: Example


@closed
class DeadLetters(TypedDict):
    """`items` is a page of them; the groups and the total are of all."""

    total: int
    groups: list[FailureGroup]
    items: list[DeadLetter]
    nextCursor: str | None


@closed
class RedriveView(TypedDict):
    """A staged redrive in stages (`canary`), at a rate, or both: `released` of `total` tasks are released.

    Of these `open` are not over yet, `waitingFor` is one of them. `failedTask` is the one that stopped it.
    """

    id: Id
    state: Literal["running", "stopped", "done"]
    reason: str | None
    canary: bool
    rate: float | None
    released: int
    total: int
    open: int
    waitingFor: Id | None
    failedTask: Id | None
    actor: str
    fingerprints: list[str]
    createdAt: Moment
    updatedAt: Moment


@closed
class Redrives(TypedDict):
    items: list[RedriveView]


@closed
class Moved(TypedDict):
    """The redriven or discarded tasks: up to 1,000 of the `total` that match, `more` if that is not all.

    `groups`: the groups of a dry run. `redrive`: the state of a staged redrive, whose released tasks are `ids`.
    """

    ids: list[Id]
    dryRun: bool
    total: int
    more: bool
    groups: list[FailureGroup]
    redrive: NotRequired[RedriveView | None]


@closed
class AuditEntry(TypedDict):
    id: int
    at: Moment
    actor: str
    action: str
    detail: dict[str, Json]


@closed
class Audit(TypedDict):
    items: list[AuditEntry]
    nextCursor: int | None


@closed
class LastSet(TypedDict):
    by: str
    at: Moment


@closed
class Flag(TypedDict):
    """`custom`: a rule written by hand that says more than these fields. `lastSet`: an operator's last change."""

    name: str
    on: bool
    percent: int
    owners: list[str]
    custom: bool
    lastSet: LastSet | None


@closed
class Rollout(TypedDict):
    """A gradual change, its progress in percent, and the flags that it changes."""

    deployment: int
    version: int
    percentDeployed: float
    flags: list[str]


@closed
class FlagsView(TypedDict):
    """The flags in force or on their way; `percentDeployed` of the containers have them. `fault`: a newer one's.

    `rollout`: the gradual change under way, which a change at once ends. `aborted`: the one that this request ended.
    """

    flags: list[Flag]
    version: int
    deployment: int
    state: str
    percentDeployed: float
    types: list[str]
    fault: str
    rollout: Rollout | None
    aborted: Rollout | None


@closed
class KeysRotated(TypedDict):
    """The id of the key that signs from now on."""

    current: str


@closed
class EndingGroup(TypedDict):
    type: str
    status: UnfinishedStatus
    count: int


@closed
class EndingTask(TypedDict):
    id: Id
    owner: str
    type: str
    status: UnfinishedStatus


@closed
class WouldEnd(TypedDict):
    """The tasks that a cancel would end: `descendants` match only through an ancestor. The example is the newest.

    `since` and `until` are the resolved times: a cancel with them leaves later tasks alone.
    """

    total: int
    descendants: int
    owners: int
    groups: list[EndingGroup]
    oldest: Moment | None
    newest: Moment | None
    example: EndingTask | None
    since: Moment | None
    until: Moment | None


@closed
class Cancelled(TypedDict):
    """The number of cancelled tasks with descendants; `more`: matching tasks are left. `wouldEnd`: of a preview."""

    cancelled: int
    more: bool
    wouldEnd: WouldEnd | None
