"""The database's clock in tests."""

from __future__ import annotations

from datetime import datetime

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_value

_SQL = load_queries("orchestrator.store", "testing")


def set_clock(conn: Connection, now: datetime) -> None:
    """Stop the clock of this session at a moment."""
    conn.execute(_SQL["set_clock"], {"now": now.isoformat()})


def next_moment(conn: Connection) -> datetime | None:
    """Return when the sweeper has something to do next."""
    return fetch_value(conn, datetime, _SQL["next_moment"])


def retry_moment(conn: Connection) -> datetime | None:
    """Return when a failed attempt is tried again next, or the lease of a killed worker ends."""
    return fetch_value(conn, datetime, _SQL["retry_moment"])
