"""Shapes of operators' figures, under the wire's names. Only the OpenAPI build and tests import them."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from orchestrator.http.schemas.operator_responses import AuditEntry, FailureGroup
from orchestrator.http.schemas.responses import Answer


class QueueDepth(Answer):
    waiting: int
    inFlight: int
    delayed: int


class Live(Answer):
    """What is not over. `retrying` failed and waits for its next attempt, `waiting` for its children."""

    due: int
    scheduled: int
    retrying: int
    waiting: int
    processing: int
    parked: int
    dead: int


class Ended(Answer):
    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True)

    completed: int
    failed: int
    dead_letter: int = Field(alias="dead-letter")
    cancelled: int


class Window(Answer):
    """`failureRate`: of what was not cancelled. Deaths count although their tasks were redriven or given up since."""

    seconds: int
    ended: Ended
    perSecond: float
    failureRate: float


class Recent(Answer):
    """The last minute. `quietSeconds`: since the last end, null where there was none in the whole window."""

    seconds: int
    ended: int
    perSecond: float
    submitted: int
    submittedPerSecond: float
    quietSeconds: float | None


class TypeCounts(Live, Ended):
    type: str


class Point(Answer):
    at: datetime
    ended: int
    bad: int
    cancelled: int


class Series(Answer):
    """What ended, in steps; one without any is missing."""

    stepSeconds: int
    points: list[Point]


class Pace(Answer):
    """Milliseconds from when it could first run (its submit, schedule, redrive or unparking) to completed.

    `waitP95`: of the last attempt, from due to claimed.
    """

    p50: float
    p95: float
    p99: float
    waitP95: float | None


class Blocker(Answer):
    """A session that others wait for, by its login; the longest of them for so long."""

    pid: int
    login: str
    waiting: int
    longestSeconds: float


class Load(Answer):
    """`answerMs`: one read by primary key; `sweepLateSeconds`: how long something has waited for the sweeper.

    `leasesLost`: those that ended without an outcome within an hour.
    """

    sockets: int
    connections: int
    answerMs: float
    lockWaits: int
    lockWaitSeconds: float
    blockers: list[Blocker]
    sweepLateSeconds: float
    leasesLost: int


class WorkerLoad(Answer):
    """Who runs how many tasks; the oldest of them since so long."""

    worker: str
    tasks: int
    oldestSeconds: float


class Busiest(Answer):
    """Who has the most live tasks."""

    owner: str
    tasks: int


class Stats(Answer):
    """`at`: the database's clock. Queue depths are null while the queue does not answer, `busiest` while nothing lives.

    `failing`: tasks that failed and will be tried again, grouped as dead letters are, the largest group first.
    """

    at: datetime
    queue: QueueDepth | None
    deadLetterQueue: QueueDepth | None
    live: Live
    oldestDueSeconds: float
    window: Window
    recent: Recent
    byType: list[TypeCounts]
    series: Series
    pace: dict[str, Pace]
    paceOfAll: Pace | None
    load: Load
    busiest: Busiest | None
    workers: list[WorkerLoad]
    failing: list[FailureGroup]


class HistoryPoint(Answer):
    """One step: of what there was the most, of what happened the sum, of so many minutes. Null: not kept by type."""

    at: datetime
    minutes: int
    due: int
    scheduled: int
    retrying: int
    waiting: int
    processing: int
    parked: int
    dead: int
    oldestDueSeconds: float | None
    sockets: int | None
    connections: int | None
    submitted: int | None
    leasesLost: int | None
    ended: int
    bad: int
    cancelled: int
    p50: float | None
    p95: float | None
    p99: float | None
    waitP95: float | None


class History(Answer):
    """The figures of each step; one without a minute that was kept is missing. `actions`: what operators changed."""

    since: datetime
    until: datetime
    stepSeconds: int
    points: list[HistoryPoint]
    actions: list[AuditEntry]
