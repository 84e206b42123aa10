"""Shapes of runs, for owners and for operators."""

from __future__ import annotations

from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from orchestrator.http.schemas.responses import Id, Moment, StatusName, closed

SpanKindName: TypeAlias = Literal["queued", "attempt", "step", "children", "sleep", "ask", "retry-wait", "parked"]


@closed
class RunTotals(TypedDict):
    """The life of the root in parts that do not overlap, in milliseconds; their sum is its length until now."""

    queueMs: float
    stepMs: float
    otherMs: float
    waitMs: float


@closed
class RunSpan(TypedDict):
    """An interval of a task's life: `end` is null while it goes on, `outcome` is the event that ended an attempt.

    `unexplainedMs`: the time of an attempt outside its steps, where it is worth a warning.
    """

    kind: SpanKindName
    name: str | None
    attempt: int | None
    start: Moment
    end: Moment | None
    outcome: str | None
    unexplainedMs: float | None


@closed
class OpsRunSpan(RunSpan):
    worker: str | None


class RunTask(TypedDict):
    """A task of a run, after its parent. The root has no parent."""

    id: Id
    parentId: Id | None
    type: str
    status: StatusName
    attempts: int
    maxAttempts: int
    createdAt: Moment
    finishedAt: Moment | None


@closed
class RunNode(RunTask):
    spans: list[RunSpan]


@closed
class OpsRunNode(RunTask):
    owner: str
    spans: list[OpsRunSpan]


class RunSummary(TypedDict):
    """The root of the asked task, with its totals. `truncated`: the run has more tasks than are shown."""

    taskId: Id
    rootId: Id
    at: Moment
    truncated: bool
    totals: RunTotals


@closed
class RunTree(RunSummary):
    nodes: list[RunNode]


@closed
class OpsRunTree(RunSummary):
    nodes: list[OpsRunNode]
