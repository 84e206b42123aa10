"""Erasure of an owner's rows in the engine's tables."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries

_SQL = load_queries("orchestrator.store", "erasure")


def erase_owner(conn: Connection, owner: str, keep: UUID) -> int:
    """Close the account for good and erase its tasks, tickets and connections; return the number of tasks.

    The running task `keep` stays without its payload.
    """
    conn.execute(_SQL["lock_owner"], {"owner_id": owner})
    conn.execute(_SQL["close_owner"], {"owner_id": owner})
    conn.execute(_SQL["erase_schedules"], {"owner_id": owner})
    erased = conn.execute(_SQL["erase_owner"], {"owner_id": owner, "keep": keep}).rowcount
    conn.execute(_SQL["erase_spending"], {"owner_id": owner})
    conn.execute(_SQL["erase_answers"], {"owner_id": owner})
    conn.execute(_SQL["erase_keys"], {"keep": keep})
    conn.execute(_SQL["erase_tickets"], {"owner_id": owner})
    conn.execute(_SQL["erase_connections"], {"owner_id": owner})
    conn.execute(_SQL["erase_joined_keys"], {"owner_id": owner})
    conn.execute(_SQL["erase_sessions"], {"owner_id": owner})
    return erased


def erase_tasks(conn: Connection, ids: Sequence[UUID]) -> int:
    """Erase these tasks of any owner, with their events and steps."""
    return conn.execute(_SQL["erase_tasks"], {"ids": list(ids)}).rowcount


def redact_results(conn: Connection, ids: Sequence[UUID], part: str) -> None:
    """Remove one field from the results of completed tasks."""
    conn.execute(_SQL["redact_results"], {"ids": list(ids), "part": part})
