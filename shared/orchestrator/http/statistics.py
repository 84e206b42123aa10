"""Figures as operators read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.aws.clients import CloudError
from orchestrator.engine.operators.statistics import ENDS, LIVE, Counts
from orchestrator.model.task import iso

if TYPE_CHECKING:
    from orchestrator.aws.queues import TaskQueue

#: Seconds over which failures and ends by type are counted, and those of the throughput.
WINDOW, LATELY = 300, 60
#: Seconds of one step of the series.
STEP = 10
#: Seconds of one step of a history that reaches back so many hours: 180 steps, none below a minute.
HISTORY_STEPS = {"1": 60, "6": 120, "24": 480, "168": 3_360}
#: What of the audit trail is marked on the curves: it changes what they show.
MARKED = frozenset({"flag", "abort", "redrive", "discard", "rotate"})

#: Columns of figure_minutes by the names they have on the wire.
_GAUGES = {
    **{name: name for name in (*LIVE, "sockets", "connections", "submitted", "cancelled")},
    "oldestDueSeconds": "oldest",
    "leasesLost": "leases_lost",
}


def queue_depth(queue: TaskQueue) -> dict[str, int] | None:
    """What the queue holds; None while it does not answer."""
    try:
        return queue.depth()
    except CloudError:
        return None


def stats_view(counts: Counts, now: datetime) -> dict[str, Any]:
    """What was cancelled neither went well nor wrong."""
    ended = counts.total(*ENDS)
    return {
        "at": iso(now),
        "live": {name: counts.total(name) for name in LIVE},
        "oldestDueSeconds": round(counts.oldest, 3),
        "window": {
            "seconds": WINDOW,
            "ended": {name: counts.total(name) for name in ENDS},
            "perSecond": round(ended / WINDOW, 3),
            "failureRate": _share(counts.total("failed", "dead-letter"), ended - counts.total("cancelled")),
        },
        "byType": [{"type": name, **by_name} for name, by_name in sorted(counts.by_type.items())],
    }


def recent_view(ended: Sequence[Mapping[str, Any]], submitted: int, now: datetime) -> dict[str, Any]:
    """The last minute; `quietSeconds` since the last end, null where there was none in the whole window."""
    lately = sum(row["lately"] for row in ended)
    quiet = min(((now - row["newest"]).total_seconds() for row in ended), default=None)
    return {
        "seconds": LATELY,
        "ended": lately,
        "perSecond": round(lately / LATELY, 3),
        "submitted": submitted,
        "submittedPerSecond": round(submitted / LATELY, 3),
        "quietSeconds": None if quiet is None else round(quiet, 1),
    }


def load_view(load: Mapping[str, Any], blockers: Iterable[Mapping[str, Any]], answer_ms: float) -> dict[str, Any]:
    """What the database carries, how quickly it answers, and who keeps whom waiting."""
    return {
        "sockets": load["sockets"],
        "connections": load["connections"],
        "answerMs": round(answer_ms, 1),
        "lockWaits": load["lock_waits"],
        "lockWaitSeconds": round(load["lock_wait"], 1),
        "blockers": [
            {
                "pid": row["pid"],
                "login": row["login"],
                "waiting": row["waiting"],
                "longestSeconds": round(row["longest"], 1),
            }
            for row in blockers
        ],
        "sweepLateSeconds": round(load["sweep_late"] or 0.0, 1),
        "leasesLost": load["leases_lost"],
    }


def series_view(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What ended, step by step."""
    points = [
        {"at": iso(row["at"]), "ended": row["tasks"], "bad": row["bad"], "cancelled": row["cancelled"]} for row in rows
    ]
    return {"stepSeconds": STEP, "points": points}


def pace_view(pace: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        **{name: _ms(pace[name]) for name in ("p50", "p95", "p99")},
        "waitP95": _ms(pace["wait_p95"]),
    }


def worker_view(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"worker": row["worker"], "tasks": row["tasks"], "oldestSeconds": round(row["oldest"], 1)}


def past_view(
    rows: Iterable[Mapping[str, Any]],
    actions: list[dict[str, Any]],
    *,
    since: datetime,
    until: datetime,
    step: int,
) -> dict[str, Any]:
    return {
        "since": iso(since),
        "until": iso(until),
        "stepSeconds": step,
        "points": [_point(row) for row in rows],
        "actions": actions,
    }


def is_marked(action: Mapping[str, Any]) -> bool:
    """Neither what was only begun nor what failed: another entry says what became of it, or nothing was changed."""
    return action["action"] in MARKED and action["detail"].get("step") not in ("begun", "failed")


def _point(row: Mapping[str, Any]) -> dict[str, Any]:
    bad = row["refused"] + row["died"]
    return {
        "at": iso(row["at"]),
        "minutes": row["minutes"],
        **{name: row.get(column) for name, column in _GAUGES.items()},
        "ended": row["completed"] + row["cancelled"] + bad,
        "bad": bad,
        **pace_view(row),
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
