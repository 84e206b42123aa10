"""Shapes of the answers to operators, under the wire's names. Only the OpenAPI build and tests import them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from orchestrator.http.schemas.responses import Answer, ListedTask, Status, TaskView


class OpsListedTask(ListedTask):
    owner: str
    finishedAt: datetime | None
    errorDetail: Any
    flags: dict[str, bool] | None
    parentId: UUID | None


class OpsTaskPage(Answer):
    """A page may hold fewer items than asked for although `nextCursor` leads on."""

    items: list[OpsListedTask]
    nextCursor: str | None


class OpsTask(TaskView):
    payload: Any
    owner: str
    finishedAt: datetime | None
    errorDetail: Any
    flags: dict[str, bool] | None
    parentId: UUID | None


class OpsEvent(Answer):
    seq: int
    kind: str
    status: Status
    attempts: int
    createdAt: datetime
    data: Any


class OpsChild(Answer):
    id: UUID
    type: str
    status: Status
    error: Any


class Why(BaseModel):
    """Why a task is where it is: a word for programs, a sentence for people, and facts that go with the word."""

    reason: str
    message: str


class Dossier(OpsTask):
    """The newest events, or those after a seq. `eventsTruncated`: there are more, before or after them."""

    why: Why
    events: list[OpsEvent]
    eventsTruncated: bool
    children: list[OpsChild]


class DeadLetter(Answer):
    id: UUID
    owner: str
    type: str
    attempts: int
    error: Any
    deadSince: datetime


class Example(Answer):
    id: UUID
    owner: str
    error: Any


class FailureGroup(Answer):
    """Those of one type that failed alike under one version of the code; the example is the newest."""

    fingerprint: str
    type: str
    version: str
    count: int
    owners: int
    firstSeen: datetime
    lastSeen: datetime
    example: Example


class DeadLetters(Answer):
    """`items` is a page of them; the groups and the total are of all."""

    total: int
    groups: list[FailureGroup]
    items: list[DeadLetter]
    nextCursor: str | None


class RedriveView(Answer):
    """A redrive in stages (`canary`), at a rate, or both: `released` of `total` have been let go so far.

    Of these `open` are not over yet, `waitingFor` is one of them. `failedTask` is the one that stopped it.
    """

    id: UUID
    state: Literal["running", "stopped", "done"]
    reason: str | None
    canary: bool
    rate: float | None
    released: int
    total: int
    open: int
    waitingFor: UUID | None
    failedTask: UUID | None
    actor: str
    fingerprints: list[str]
    createdAt: datetime
    updatedAt: datetime


class Redrives(Answer):
    items: list[RedriveView]


class Moved(Answer):
    """What was moved, or would be: up to 1,000 of the `total` that fit the choice, `more` if that is not all.

    `groups`: what the total of a dry run is made of. `redrive`: how one in stages or at a rate goes on; `ids` are those
    it has let go by now.
    """

    ids: list[UUID]
    dryRun: bool
    total: int
    more: bool
    groups: list[FailureGroup]
    redrive: RedriveView | None = None


class AuditEntry(Answer):
    id: int
    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


class Audit(Answer):
    items: list[AuditEntry]
    nextCursor: int | None


class LastSet(Answer):
    by: str
    at: datetime


class Flag(Answer):
    """`custom`: its rule was written by hand and says more than is shown here. `lastSet`: by an operator, if at all."""

    name: str
    on: bool
    percent: int
    owners: list[str]
    custom: bool
    lastSet: LastSet | None


class Rollout(Answer):
    """A gradual change, how far it has got (%), and the flags that it changes."""

    deployment: int
    version: int
    percentDeployed: float
    flags: list[str]


class FlagsView(Answer):
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


class KeysRotated(Answer):
    """The id of the key that signs from now on."""

    current: str


class EndingGroup(Answer):
    type: str
    status: Literal["pending", "processing"]
    count: int


class EndingTask(Answer):
    id: UUID
    owner: str
    type: str
    status: Literal["pending", "processing"]


class WouldEnd(Answer):
    """What a cancel would end: `descendants` of the total fit only because an ancestor does. The example is the newest.

    `since` and `until` are the moments that were meant: a cancel until then touches nothing that came later.
    """

    total: int
    descendants: int
    owners: int
    groups: list[EndingGroup]
    oldest: datetime | None
    newest: datetime | None
    example: EndingTask | None
    since: datetime | None
    until: datetime | None


class Cancelled(Answer):
    """How many were cancelled, descendants included; `more`: some that fit are left. `wouldEnd`: of a preview."""

    cancelled: int
    more: bool
    wouldEnd: WouldEnd | None
