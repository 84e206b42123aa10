"""Sessions that ended before their token did, and the tickets and connections opened with them."""

from __future__ import annotations

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries

_SQL = load_queries("orchestrator.store", "sessions")


def generation(conn: Connection, owner: str) -> int:
    """Return the generation to which a session of the owner that begins now belongs."""
    row = conn.execute(_SQL["generation"], {"owner_id": owner}).fetchone()
    return int(row["generation"]) if row else 0


def end(conn: Connection, owner: str, session: str | None) -> None:
    """End one session, or all that tokens without a session opened: its tickets and connections too."""
    with conn.transaction():
        conn.execute(_SQL["lock_requests"], {"owner_id": owner})
        if session is not None:
            conn.execute(_SQL["end_session"], {"owner_id": owner, "session": session})
        _end_opened(conn, owner, session, all=False)


def end_all(conn: Connection, owner: str) -> int:
    """End every session of the owner, with its tickets and connections. Return the generation of later sessions."""
    with conn.transaction():
        conn.execute(_SQL["lock_requests"], {"owner_id": owner})
        row = conn.execute(_SQL["next_generation"], {"owner_id": owner}).fetchone()
        assert row is not None  # noqa: S101 - the statement always returns its row
        _end_opened(conn, owner, None, all=True)
        return int(row["generation"])


def prune_sessions(conn: Connection, seconds: float) -> None:
    """Delete sessions that ended more than `seconds` ago."""
    conn.execute(_SQL["prune_sessions"], {"seconds": seconds})


def _end_opened(conn: Connection, owner: str, session: str | None, *, all: bool) -> None:
    given = {"owner_id": owner, "session": session, "all": all}
    conn.execute(_SQL["end_session_tickets"], given)
    conn.execute(_SQL["end_session_connections"], given)
