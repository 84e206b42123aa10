"""Databases of tests, and their clock."""

from __future__ import annotations

from datetime import datetime

from psycopg import sql

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_value

_SQL = load_queries("orchestrator.store", "testing")


def create_database(conn: Connection, name: str) -> None:
    """Create an empty database on the server of this connection."""
    conn.execute(sql.SQL(_SQL["create_database"]).format(sql.Identifier(name)))


def drop_database(conn: Connection, name: str) -> None:
    """Drop a database of the server, although sessions use it."""
    conn.execute(sql.SQL(_SQL["drop_database"]).format(sql.Identifier(name)))


def set_clock(conn: Connection, now: datetime) -> None:
    """Stop the clock of this session at a moment."""
    conn.execute(_SQL["set_clock"], {"now": now.isoformat()})


def next_moment(conn: Connection) -> datetime | None:
    """Return when the sweeper has something to do next."""
    return fetch_value(conn, datetime, _SQL["next_moment"])


def retry_moment(conn: Connection) -> datetime | None:
    """Return when a failed attempt is tried again next, or the lease of a killed worker ends."""
    return fetch_value(conn, datetime, _SQL["retry_moment"])
