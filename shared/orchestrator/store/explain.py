"""What can keep a task from running."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "explain")


def explain(conn: Connection, task_id: UUID, most_ahead: int) -> dict[str, Any] | None:
    """The row's blockers: lease, due time, flag, limit, children, dead letter; None when there is no such task.

    Of what its flag lets go before it, `most_ahead` are counted.
    """
    return conn.execute(_SQL["explain"], {"id": task_id, "most_ahead": most_ahead}).fetchone()
