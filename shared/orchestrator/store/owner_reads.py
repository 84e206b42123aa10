"""Reads of a running handler outside of its transaction."""

from __future__ import annotations

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries

_SQL = load_queries("orchestrator.store", "row_security")


def refuse_writes(conn: Connection) -> None:
    """Let Postgres refuse writes until the transaction ends."""
    conn.execute(_SQL["refuse_writes"])
