"""Statistics of live and ended tasks by type, stored once a minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator.model.states import FINAL, LIVE_STATES, Status
from orchestrator.model.task import Json
from orchestrator.observability import metrics
from orchestrator.store import statistics as store
from orchestrator.store.connection import Database
from orchestrator.store.statistics import FinishedCount, LiveCount, Load, Pace

#: The reasons for which an unfinished task waits; the view `live_tasks` defines each.
LIVE = LIVE_STATES
ENDS = tuple(status.value for status in Status if status in FINAL)
#: Days that the figures of a minute are kept.
KEPT_DAYS = 7

MINUTE = timedelta(minutes=1)
PERCENTILES = ("p50", "p95", "p99", "wait_p95")
_COLUMN = {"failed": "refused", "dead-letter": "died"}


@dataclass(slots=True)
class Counts:
    """Tasks by type and state or end; `oldest`: how long (s) the one that has waited longest has been due."""

    by_type: dict[str, dict[str, int]] = field(default_factory=dict)
    oldest: float = 0.0

    def total(self, *names: str) -> int:
        return sum(counts[name] for counts in self.by_type.values() for name in names)

    def add(self, task_type: str, name: str, tasks: int) -> None:
        self.by_type.setdefault(task_type, dict.fromkeys((*LIVE, *ENDS), 0))[name] += tasks


def count(live: Iterable[LiveCount], finished: Iterable[FinishedCount]) -> Counts:
    counts = Counts()
    for row in live:
        counts.add(row.type, row.state, row.tasks)
        if row.state == "due":
            counts.oldest = max(counts.oldest, row.oldest or 0.0)
    for ended in finished:
        counts.add(ended.type, ended.status, ended.tasks)
    return counts


def measure(db: Database) -> None:
    """Publish the current statistics and store those of the minute before.

    It reads the live rows and those of the minute, not all stored rows.
    """
    load = db.run(store.load)
    until = load.at.replace(second=0, microsecond=0)
    counts = count(db.run(store.live_counts), db.run(store.finished_counts, until - MINUTE, until))
    metrics.gauge("OldestDue", counts.oldest)
    metrics.gauge("Due", counts.total("due"))
    metrics.gauge("Processing", counts.total("processing"))
    metrics.gauge("ParkedTasks", counts.total("parked"))
    metrics.gauge("DeadLetters", counts.total("dead"))
    metrics.gauge("OpenSockets", load.sockets)
    metrics.gauge("DatabaseConnections", load.connections)
    db.run(store.keep_minute, _minute(db, until - MINUTE, counts, load))
    db.run(store.prune, KEPT_DAYS)


def _minute(db: Database, at: datetime, counts: Counts, load: Load) -> dict[str, Json]:
    paces = db.run(store.paces, at, at + MINUTE)
    types = {name: _kept(by_name, paces.get(name)) for name, by_name in counts.by_type.items()}
    return {
        "at": at.isoformat(),
        "oldest": counts.oldest,
        "sockets": load.sockets,
        "connections": load.connections,
        "submitted": db.run(store.submitted, at, at + MINUTE),
        "leases_lost": db.run(store.leases_lost, at, at + MINUTE),
        "by_type": {name: {column: value for column, value in kept.items() if value} for name, kept in types.items()},
        **_kept({name: counts.total(name) for name in (*LIVE, *ENDS)}, paces.get(None)),
    }


def _kept(counts: Mapping[str, int], pace: Pace | None) -> dict[str, float | None]:
    percentiles = {name: getattr(pace, name) for name in PERCENTILES} if pace else {}
    return {**{_COLUMN.get(name, name): tasks for name, tasks in counts.items()}, **percentiles}
