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
    """A page may hold fewer items than asked for although `nextCursor` leads on."""

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
    """Why a task is where it is: a word for programs, a sentence for people, and facts that go with the word."""

    reason: str
    message: str


class EventHistory(TypedDict):
    events: list[OpsEvent]
    eventsTruncated: bool


@closed
class Dossier(OpsTask, EventHistory):
    """The newest events, or those after a seq. `eventsTruncated`: there are more, before or after them."""

    why: Why
    children: list[OpsChild]


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
    """A redrive in stages (`canary`), at a rate, or both: `released` of `total` have been let go so far.

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
    """What was moved, or would be: up to 1,000 of the `total` that fit the choice, `more` if that is not all.

    `groups`: what the total of a dry run is made of. `redrive`: how one in stages or at a rate goes on; `ids` are those
    it has let go by now.
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
    """`custom`: its rule was written by hand and says more than is shown here. `lastSet`: by an operator, if at all."""

    name: str
    on: bool
    percent: int
    owners: list[str]
    custom: bool
    lastSet: LastSet | None


@closed
class Rollout(TypedDict):
    """A gradual change, how far it has got (%), and the flags that it changes."""

    deployment: int
    version: int
    percentDeployed: float
    flags: list[str]


@closed
class FlagsView(TypedDict):
    """The flags in force or on their way; `percentDeployed` of the containers have them. `fault`: a newer one's.

    `rollout`: under way now, and to be taken back by a change at once. `aborted`: what this request has taken back.
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
    """What a cancel would end: `descendants` of the total fit only because an ancestor does. The example is the newest.

    `since` and `until` are the moments that were meant: a cancel until then touches nothing that came later.
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
    """How many were cancelled, descendants included; `more`: some that fit are left. `wouldEnd`: of a preview."""

    cancelled: int
    more: bool
    wouldEnd: WouldEnd | None
