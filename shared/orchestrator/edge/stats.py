"""Counts as operators read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.cloud.clients import CloudError
from orchestrator.model.task import iso

if TYPE_CHECKING:
    from orchestrator.cloud.queue import TaskQueue

#: Seconds over which throughput and failures are counted.
WINDOW = 300
#: Seconds of one step of the series.
STEP = 10

LIVE = ("due", "scheduled", "processing", "parked", "dead")
ENDS = ("completed", "failed", "dead-letter", "cancelled")


def queue_depth(queue: TaskQueue) -> dict[str, int] | None:
    """What the queue holds; None while it does not answer."""
    try:
        return queue.depth()
    except CloudError:
        return None


def stats_view(live: Iterable[Mapping[str, Any]], finished: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`oldestDueSeconds`: how long the task that has waited longest has been due."""
    by_type: dict[str, dict[str, int]] = {}
    oldest = 0.0
    for row in live:
        _of(by_type, row["type"])[row["state"]] += row["tasks"]
        if row["state"] == "due":
            oldest = max(oldest, row["oldest"])
    for row in finished:
        _of(by_type, row["type"])[row["status"]] += row["tasks"]
    total = {name: sum(counts[name] for counts in by_type.values()) for name in (*LIVE, *ENDS)}
    ended = sum(total[name] for name in ENDS)
    bad = total["failed"] + total["dead-letter"]
    return {
        "live": {name: total[name] for name in LIVE},
        "oldestDueSeconds": round(oldest, 3),
        "window": {
            "seconds": WINDOW,
            "ended": {name: total[name] for name in ENDS},
            "perSecond": round(ended / WINDOW, 3),
            "failureRate": round(bad / ended, 4) if ended else 0.0,
        },
        "byType": [{"type": name, **counts} for name, counts in sorted(by_type.items())],
    }


def load_view(load: Mapping[str, Any], answer_ms: float) -> dict[str, Any]:
    """What the database carries, and how quickly it answered."""
    return {
        "sockets": load["sockets"],
        "connections": load["connections"],
        "answerMs": round(answer_ms, 1),
        "lockWaits": load["lock_waits"],
        "lockWaitSeconds": round(load["lock_wait"], 1),
        "sweepLateSeconds": round(load["sweep_late"] or 0.0, 1),
    }


def series_view(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What ended, step by step."""
    points = [{"at": iso(row["at"]), "ended": row["tasks"], "bad": row["bad"]} for row in rows]
    return {"stepSeconds": STEP, "points": points}


def pace_view(paces: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Milliseconds from submit to completed, by type."""
    return {name: {each: round(value, 1) for each, value in pace.items()} for name, pace in sorted(paces.items())}


def _of(by_type: dict[str, dict[str, int]], task_type: str) -> dict[str, int]:
    return by_type.setdefault(task_type, dict.fromkeys((*LIVE, *ENDS), 0))
