"""Turn statistics into responses for operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, overload

from orchestrator.aws.clients import CloudError
from orchestrator.engine.operators.statistics import ENDS, Counts
from orchestrator.model.states import LiveState
from orchestrator.model.task import iso
from orchestrator.store.audit import OperatorAction
from orchestrator.store.statistics import (
    Blocker,
    BusiestOwner,
    FinishedCount,
    FinishedStep,
    Load,
    Minutes,
    Pace,
    WorkerLoad,
)

if TYPE_CHECKING:
    from orchestrator.aws.queues import TaskQueue
    from orchestrator.http.schemas import statistics_responses as shapes
    from orchestrator.http.schemas.operator_responses import AuditEntry

#: Seconds over which failures and ends by type are counted, and those of the throughput.
WINDOW, LATELY = 300, 60
#: Seconds of one step of the series.
STEP = 10
#: Seconds of one step of a history that reaches back so many hours: 180 steps, none below a minute.
HISTORY_STEPS = {"1": 60, "6": 120, "24": 480, "168": 3_360}
#: Actions of the audit trail that are marked on the charts, because they change the curves.
MARKED = frozenset({"flag", "abort", "redrive", "discard", "rotate"})


def queue_depth(queue: TaskQueue) -> shapes.QueueDepth | None:
    """Return the number of messages in the queue, or None when SQS does not respond."""
    try:
        depth = queue.depth()
    except CloudError:
        return None
    return {"waiting": depth.waiting, "inFlight": depth.in_flight, "delayed": depth.delayed}


def live_view(total: Callable[[LiveState], int]) -> shapes.Live:
    return {
        "due": total("due"),
        "scheduled": total("scheduled"),
        "retrying": total("retrying"),
        "waiting": total("waiting"),
        "processing": total("processing"),
        "parked": total("parked"),
        "dead": total("dead"),
    }


def ended_view(total: Callable[[str], int]) -> shapes.Ended:
    return {
        "completed": total("completed"),
        "failed": total("failed"),
        "dead-letter": total("dead-letter"),
        "cancelled": total("cancelled"),
    }


def type_view(name: str, counts: Mapping[str, int]) -> shapes.TypeCounts:
    return {"type": name, **live_view(counts.__getitem__), **ended_view(counts.__getitem__)}


def window_view(counts: Counts) -> shapes.Window:
    """Return the window. A refusal is the caller's mistake, not a failure; a cancelled task is neither."""
    ended = counts.total(*ENDS)
    return {
        "seconds": WINDOW,
        "ended": ended_view(counts.total),
        "perSecond": round(ended / WINDOW, 3),
        "failureRate": _share(counts.total("dead-letter"), ended - counts.total("cancelled")),
        "refusalRate": _share(counts.total("failed"), ended - counts.total("cancelled")),
    }


def recent_view(ended: Sequence[FinishedCount], submitted: int, now: datetime) -> shapes.Recent:
    """Return the last minute; `quietSeconds` since the last end, None when no task ended in the window."""
    lately = sum(count.lately for count in ended)
    quiet = min(((now - count.newest).total_seconds() for count in ended), default=None)
    return {
        "seconds": LATELY,
        "ended": lately,
        "perSecond": round(lately / LATELY, 3),
        "submitted": submitted,
        "submittedPerSecond": round(submitted / LATELY, 3),
        "quietSeconds": None if quiet is None else round(quiet, 1),
    }


def load_view(load: Load, blockers: Iterable[Blocker], answer_ms: float) -> shapes.Load:
    """Return the load of the database, its response time, and the sessions that block others."""
    return {
        "sockets": load.sockets,
        "connections": load.connections,
        "answerMs": round(answer_ms, 1),
        "lockWaits": load.lock_waits,
        "lockWaitSeconds": round(load.lock_wait, 1),
        "blockers": [blocker_view(blocker) for blocker in blockers],
        "sweepLateSeconds": round(load.sweep_late or 0.0, 1),
        "leasesLost": load.leases_lost,
    }


def blocker_view(blocker: Blocker) -> shapes.Blocker:
    return {
        "pid": blocker.pid,
        "login": blocker.login,
        "waiting": blocker.waiting,
        "longestSeconds": round(blocker.longest, 1),
    }


def series_view(steps: Iterable[FinishedStep]) -> shapes.Series:
    """Return the ended tasks of each step."""
    points: list[shapes.SeriesPoint] = [
        {
            "at": iso(step.at),
            "ended": step.tasks,
            "bad": step.bad,
            "refused": step.refused,
            "cancelled": step.cancelled,
        }
        for step in steps
    ]
    return {"stepSeconds": STEP, "points": points}


def pace_view(pace: Pace) -> shapes.Pace:
    return {"p50": _ms(pace.p50), "p95": _ms(pace.p95), "p99": _ms(pace.p99), "waitP95": _ms(pace.wait_p95)}


def worker_view(load: WorkerLoad) -> shapes.WorkerLoad:
    return {"worker": load.worker, "tasks": load.tasks, "oldestSeconds": round(load.oldest, 1)}


def busiest_view(busiest: BusiestOwner | None) -> shapes.Busiest | None:
    return {"owner": busiest.owner, "tasks": busiest.tasks} if busiest else None


def past_view(
    steps: Iterable[Minutes],
    actions: list[AuditEntry],
    *,
    since: datetime,
    until: datetime,
    step: int,
) -> shapes.History:
    return {
        "since": iso(since),
        "until": iso(until),
        "stepSeconds": step,
        "points": [_point(each) for each in steps],
        "actions": actions,
    }


def is_marked(action: OperatorAction) -> bool:
    """Return whether the action changed something: neither only begun, which another entry completes, nor failed."""
    return action.action in MARKED and action.detail.get("step") not in ("begun", "failed")


def _point(minutes: Minutes) -> shapes.HistoryPoint:
    return {
        "at": iso(minutes.at),
        "minutes": minutes.minutes,
        "due": minutes.due,
        "scheduled": minutes.scheduled,
        "retrying": minutes.retrying,
        "waiting": minutes.waiting,
        "processing": minutes.processing,
        "parked": minutes.parked,
        "dead": minutes.dead,
        "oldestDueSeconds": minutes.oldest,
        "sockets": minutes.sockets,
        "connections": minutes.connections,
        "submitted": minutes.submitted,
        "leasesLost": minutes.leases_lost,
        "ended": minutes.completed + minutes.cancelled + minutes.refused + minutes.died,
        "bad": minutes.died,
        "refused": minutes.refused,
        "cancelled": minutes.cancelled,
        "p50": _ms(minutes.p50),
        "p95": _ms(minutes.p95),
        "p99": _ms(minutes.p99),
        "waitP95": _ms(minutes.wait_p95),
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


@overload
def _ms(value: float) -> float: ...
@overload
def _ms(value: float | None) -> float | None: ...
def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
