"""Shapes of the operators' statistics, as `responses` has those to owners."""

from __future__ import annotations

from typing_extensions import TypedDict

from orchestrator.http.schemas.operator_responses import AuditEntry, FailureGroup
from orchestrator.http.schemas.responses import Moment, closed


@closed
class QueueDepth(TypedDict):
    waiting: int
    inFlight: int
    delayed: int


@closed
class Live(TypedDict):
    """Unfinished tasks and dead letters by state. `retrying` waits for its next attempt, `waiting` for its children."""

    due: int
    scheduled: int
    retrying: int
    waiting: int
    processing: int
    parked: int
    dead: int


#: A name with a hyphen is no name of a field.
_Ended = TypedDict("_Ended", {"completed": int, "failed": int, "dead-letter": int, "cancelled": int})


@closed
class Ended(_Ended):
    pass


@closed
class Window(TypedDict):
    """Shares of the tasks that were not cancelled. A refusal is not a failure.

    Dead letters count although their tasks were redriven or discarded since.
    """

    seconds: int
    ended: Ended
    perSecond: float
    failureRate: float
    refusalRate: float


@closed
class Recent(TypedDict):
    """The last minute. `quietSeconds`: since the last end, null where there was none in the whole window."""

    seconds: int
    ended: int
    perSecond: float
    submitted: int
    submittedPerSecond: float
    quietSeconds: float | None


@closed
class TypeCounts(Live, Ended):
    type: str


@closed
class SeriesPoint(TypedDict):
    at: Moment
    ended: int
    bad: int
    refused: int
    cancelled: int


@closed
class Series(TypedDict):
    """Ended tasks in steps; a step without any is missing."""

    stepSeconds: int
    points: list[SeriesPoint]


@closed
class Pace(TypedDict):
    """Milliseconds from when it could first run (its submit, schedule, redrive or unparking) to completed.

    `waitP95`: of the last attempt, from due to claimed.
    """

    p50: float
    p95: float
    p99: float
    waitP95: float | None


@closed
class Blocker(TypedDict):
    """A session that others wait for, by its login; the longest of them for so long."""

    pid: int
    login: str
    waiting: int
    longestSeconds: float


@closed
class Load(TypedDict):
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


@closed
class WorkerLoad(TypedDict):
    """The running tasks of a worker, and the seconds since the oldest began."""

    worker: str
    tasks: int
    oldestSeconds: float


@closed
class Busiest(TypedDict):
    """The owner with the most unfinished tasks."""

    owner: str
    tasks: int


@closed
class Stats(TypedDict):
    """`at`: the database's clock. Queue depths are null while the queue does not answer, `busiest` while nothing lives.

    `failing`: tasks that failed and will be tried again, grouped as dead letters are, the largest group first.
    """

    at: Moment
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


@closed
class HistoryPoint(TypedDict):
    """One step of so many minutes: the maximum of states, the sum of events. Null: not stored by type."""

    at: Moment
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
    refused: int
    cancelled: int
    p50: float | None
    p95: float | None
    p99: float | None
    waitP95: float | None


@closed
class History(TypedDict):
    """The figures of each step; one without a minute that was kept is missing. `actions`: changes by operators."""

    since: Moment
    until: Moment
    stepSeconds: int
    points: list[HistoryPoint]
    actions: list[AuditEntry]
