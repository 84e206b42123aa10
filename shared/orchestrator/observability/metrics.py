"""Metrics, kept in memory while an invocation runs and printed at its end: one line (EMF) per task type it met.

CloudWatch makes metrics of the lines; nothing is called and nothing waits. A type's metrics count towards the sum
over all types too, by a second set of dimensions.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

#: The namespace without POWERTOOLS_METRICS_NAMESPACE, which the template sets to the stack's name.
NAMESPACE = "AgentOrchestrator"
SERVICE = "agent-orchestrator"
#: Values of one measure that one line carries at most; EMF takes 100, and Powertools prints early at that.
MOST_VALUES = 99

Count = Literal[
    "Submitted",
    "Started",
    "Completed",
    "Refused",
    "Retried",
    "DeadLettered",
    "Parked",
    "Released",
    "Continued",
    "Forwarded",
    "Waiting",
    "Cancelled",
    "LeaseLost",
    "AttemptLost",
    "WakeUpsRepaired",
    "Unparked",
    "Redriven",
    "Discarded",
    "Pushed",
    "PushFailed",
    "ColdStart",
    "LoginRefused",
    "RateLimited",
]
#: In milliseconds.
Duration = Literal["QueueWait", "StartWait", "HandlerTime", "EndToEnd"]
Gauge = Literal[
    "OldestDue", "Due", "Processing", "ParkedTasks", "DeadLetters", "OpenSockets", "DatabaseConnections", "SlotsInUse"
]


@dataclass(slots=True)
class _Kept:
    counts: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    durations: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    gauges: dict[str, float] = field(default_factory=dict)


_kept: dict[str, _Kept] = defaultdict(_Kept)
#: The gauges whose last value was not zero.
_raised: set[str] = set()
#: Attempts of the lane `long` count at the same time.
_lock = Lock()


@dataclass(slots=True)
class _Choice:
    """Whether this process keeps the metrics of each task type too."""

    by_type: bool = True


_choice = _Choice()


def keep_types(wanted: bool) -> None:
    """Keep the metrics of each task type too, or only those of all types together."""
    _choice.by_type = wanted


def count(name: Count, task_type: str = "", *, by: float = 1) -> None:
    """Add to a metric. Zero adds none: CloudWatch bills a metric for each hour in which it gets a value."""
    if by:
        with _lock:
            _of(task_type).counts[name] += by


def took(name: Duration, seconds: float, task_type: str = "") -> None:
    """Add a duration. The percentiles of an invocation are of its first MOST_VALUES values."""
    with _lock:
        values = _of(task_type).durations[name]
        if len(values) < MOST_VALUES:
            values.append(round(max(0.0, seconds) * 1000, 3))


def _of(task_type: str) -> _Kept:
    return _kept[task_type if _choice.by_type else ""]


def gauge(name: Gauge, value: float) -> None:
    """Set a gauge. Of many zeros in a row only the first is kept: CloudWatch bills an idle metric like a busy one."""
    with _lock:
        if value or name in _raised:
            _kept[""].gauges[name] = value
        (_raised.add if value else _raised.discard)(name)


def flush() -> None:
    """Print the metrics since the last flush, if there are any."""
    if not _kept:
        return
    from aws_lambda_powertools.metrics import EphemeralMetrics

    for task_type, kept in _kept.items():
        line = EphemeralMetrics(service=SERVICE)
        line.namespace = line.namespace or NAMESPACE
        line.set_default_dimensions(service=SERVICE)
        if task_type:
            line.add_dimensions(type=task_type)
        for name, total in kept.counts.items():
            line.add_metric(name, "Count", total)
        for name, value in kept.gauges.items():
            line.add_metric(name, "None", value)
        for name, values in kept.durations.items():
            for value in values:
                line.add_metric(name, "Milliseconds", value)
        line.flush_metrics()
    _kept.clear()


def forget() -> None:
    """Drop the metrics since the last flush: for tests."""
    _kept.clear()
    _raised.clear()
