"""The statistics that operators read: of now, of a span of time, and those stored for each minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.model.ids import first_id_at
from orchestrator.model.json_encoding import encode_json
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.dead_letters import FailureGroup
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_one, fetch_value

_SQL = load_queries("orchestrator.store", "statistics")

#: The most failures that are grouped, and the most groups and workers that are returned.
FAILING_WINDOW, MOST_GROUPS, MOST_WORKERS = 2_000, 20, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The database's clock and load. Durations in seconds; `sweep_late` is None when no task waits for the sweeper."""

    at: datetime
    sockets: int
    connections: int
    lock_waits: int
    lock_wait: float
    sweep_late: float | None
    leases_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A session that others wait for: its login, how many wait, and for how many seconds the first of them."""

    pid: int
    login: str
    waiting: int
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCount:
    """Unfinished tasks of one type and state; `oldest`: seconds since the first of them was due."""

    type: str
    state: str
    tasks: int
    oldest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BusiestOwner:
    """The owner with the most unfinished tasks."""

    owner: str
    tasks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLoad:
    """A worker's running tasks; `oldest`: seconds since the first of them started."""

    worker: str
    tasks: int
    oldest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCount:
    """Tasks of one type that ended in one status; `lately`: of these, the ones after a later moment."""

    type: str
    status: str
    tasks: int
    lately: int
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedStep:
    """The tasks that ended in one step of time."""

    at: datetime
    tasks: int
    bad: int
    refused: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Percentiles in milliseconds: submit to completed, and due to claimed."""

    p50: float
    p95: float
    p99: float
    wait_p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _TypePace:
    type: str | None
    p50: float | None
    p95: float | None
    p99: float | None
    wait_p95: float | None

    def pace(self) -> Pace | None:
        """Return None where nothing completed."""
        if self.p50 is None or self.p95 is None or self.p99 is None:
            return None
        return Pace(p50=self.p50, p95=self.p95, p99=self.p99, wait_p95=self.wait_p95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """The figures of one step of time, of so many minutes; None: not kept by type, or nothing completed."""

    at: datetime
    minutes: int
    due: int
    scheduled: int
    retrying: int
    waiting: int
    processing: int
    parked: int
    dead: int
    completed: int
    refused: int
    died: int
    cancelled: int
    p50: float | None
    p95: float | None
    p99: float | None
    wait_p95: float | None
    sockets: int | None = None
    connections: int | None = None
    oldest: float | None = None
    submitted: int | None = None
    leases_lost: int | None = None


def load(conn: Connection) -> Load:
    (row,) = fetch_all(conn, Load, _SQL["load"])
    return row


def blockers(conn: Connection) -> list[Blocker]:
    """Return the sessions that others wait for."""
    return fetch_all(conn, Blocker, _SQL["blockers"])


def read_one(conn: Connection) -> None:
    """Read one row by primary key, for a measurement."""
    conn.execute(_SQL["read_one"])


def live_counts(conn: Connection) -> list[LiveCount]:
    """Return the unfinished tasks by type and state of the view live_tasks."""
    return fetch_all(conn, LiveCount, _SQL["live_counts"])


def busiest_owner(conn: Connection) -> BusiestOwner | None:
    """Return the owner with the most unfinished tasks, or None when there are none."""
    return fetch_one(conn, BusiestOwner, _SQL["busiest_owner"])


def workers(conn: Connection) -> list[WorkerLoad]:
    return fetch_all(conn, WorkerLoad, _SQL["workers"], {"limit": MOST_WORKERS})


def failing(conn: Connection) -> list[FailureGroup]:
    """Return the tasks that failed and will be retried, grouped as dead letters are."""
    return fetch_all(conn, FailureGroup, _SQL["failing"], {"window": FAILING_WINDOW, "limit": MOST_GROUPS})


def submitted(conn: Connection, since: datetime, until: datetime) -> int:
    given = {"first": first_id_at(since), "end": first_id_at(until)}
    return fetch_value(conn, int, _SQL["submitted"], given) or 0


def finished_counts(
    conn: Connection, since: datetime, until: datetime, lately: datetime | None = None
) -> list[FinishedCount]:
    given = {"since": since, "until": until, "lately": lately or since}
    return fetch_all(conn, FinishedCount, _SQL["finished_counts"], given)


def finished_series(conn: Connection, since: datetime, step: int) -> list[FinishedStep]:
    """Return each step of `step` seconds in which tasks ended."""
    return fetch_all(conn, FinishedStep, _SQL["finished_series"], {"since": since, "step": step})


def paces(conn: Connection, since: datetime, until: datetime) -> dict[str | None, Pace]:
    """Return the percentiles by type (None: all types) of the newest 10,000 tasks that completed."""
    rows = fetch_all(conn, _TypePace, _SQL["paces"], {"since": since, "until": until})
    return {row.type: pace for row in rows if (pace := row.pace())}


def leases_lost(conn: Connection, since: datetime, until: datetime) -> int:
    return fetch_value(conn, int, _SQL["leases_lost"], {"since": since, "until": until}) or 0


def keep_minute(conn: Connection, minute: Mapping[str, Json]) -> None:
    """Store the columns of figure_minutes for a minute; an existing row stays as it is."""
    conn.execute(_SQL["keep_minute"], {"minute": encode_json(dict(minute))})


def minutes(conn: Connection, since: datetime, step: int, type: str | None = None) -> list[Minutes]:
    """Return the statistics of each step of `step` seconds, of one type when it is given."""
    statement = _SQL["minutes_of_type"] if type else _SQL["minutes"]
    return fetch_all(conn, Minutes, statement, {"since": since, "step": step, "type": type})


def prune(conn: Connection, days: int) -> None:
    conn.execute(_SQL["prune_minutes"], {"days": days})
    conn.execute(_SQL["prune_occurrences"])
