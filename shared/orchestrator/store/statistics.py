"""The figures operators see: of the moment, of a span of time, and those kept for each minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestrator.model.ids import first_id_at
from orchestrator.model.json_encoding import encode_json
from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "statistics")

#: The newest failures that are grouped, the groups and the workers that are shown: a look never reads more.
FAILING_WINDOW, MOST_GROUPS, MOST_WORKERS = 2_000, 20, 20


def load(conn: Connection) -> dict[str, Any]:
    """{at, sockets, connections, lock_waits, lock_wait, sweep_late (null: nothing waits for it), leases_lost}"""
    row = conn.execute(_SQL["load"]).fetchone()
    assert row is not None  # noqa: S101 - a SELECT of aggregates has one row
    return row


def blockers(conn: Connection) -> list[dict[str, Any]]:
    """{pid, login, waiting, longest (s)} of the sessions that others wait for; only when somebody waits."""
    return conn.execute(_SQL["blockers"]).fetchall()


def read_one(conn: Connection) -> None:
    """A read by primary key, to be timed."""
    conn.execute(_SQL["read_one"])


def live_counts(conn: Connection) -> list[dict[str, Any]]:
    """{type, state, tasks, oldest (s)}; the states are those of the view live_tasks."""
    return conn.execute(_SQL["live_counts"]).fetchall()


def busiest_owner(conn: Connection) -> dict[str, Any] | None:
    """{owner, tasks}; None while nothing is live."""
    return conn.execute(_SQL["busiest_owner"]).fetchone()


def workers(conn: Connection) -> list[dict[str, Any]]:
    """{worker, tasks, oldest (s)}"""
    return conn.execute(_SQL["workers"], {"limit": MOST_WORKERS}).fetchall()


def failing(conn: Connection) -> list[dict[str, Any]]:
    """What failed and will be tried again, as dead letters are grouped."""
    return conn.execute(_SQL["failing"], {"window": FAILING_WINDOW, "limit": MOST_GROUPS}).fetchall()


def submitted(conn: Connection, since: datetime, until: datetime) -> int:
    given = {"first": first_id_at(since), "end": first_id_at(until)}
    row = conn.execute(_SQL["submitted"], given).fetchone()
    return row["tasks"] if row else 0


def finished_counts(
    conn: Connection, since: datetime, until: datetime, lately: datetime | None = None
) -> list[dict[str, Any]]:
    """{type, status, tasks, lately, newest}; `lately`: of the tasks, those that ended after it."""
    given = {"since": since, "until": until, "lately": lately or since}
    return conn.execute(_SQL["finished_counts"], given).fetchall()


def finished_series(conn: Connection, since: datetime, step: int) -> list[dict[str, Any]]:
    """{at, tasks, bad, cancelled} for each step of `step` seconds in which something ended."""
    return conn.execute(_SQL["finished_series"], {"since": since, "step": step}).fetchall()


def paces(conn: Connection, since: datetime, until: datetime) -> dict[str | None, dict[str, float]]:
    """{p50, p95, p99, wait_p95} in ms by type, None for all together; of the newest 10,000 that completed."""
    rows = conn.execute(_SQL["paces"], {"since": since, "until": until}).fetchall()
    return {row.pop("type"): row for row in rows if row["p50"] is not None}


def leases_lost(conn: Connection, since: datetime, until: datetime) -> int:
    row = conn.execute(_SQL["leases_lost"], {"since": since, "until": until}).fetchone()
    return row["tasks"] if row else 0


def keep_minute(conn: Connection, minute: Mapping[str, Any]) -> None:
    """The columns of figure_minutes; a minute that is there already stays as it is."""
    conn.execute(_SQL["keep_minute"], {"minute": encode_json(dict(minute))})


def minutes(conn: Connection, since: datetime, step: int, type: str | None = None) -> list[dict[str, Any]]:
    """The columns of figure_minutes and `minutes`, how many they are of, for each step of `step` seconds."""
    statement = _SQL["minutes_of_type"] if type else _SQL["minutes"]
    return conn.execute(statement, {"since": since, "step": step, "type": type}).fetchall()


def prune(conn: Connection, days: int) -> None:
    conn.execute(_SQL["prune_minutes"], {"days": days})
    conn.execute(_SQL["prune_occurrences"])
