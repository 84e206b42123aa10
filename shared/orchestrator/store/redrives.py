"""Redrives that go in stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orchestrator.store.db import Connection, load_queries

_SQL = load_queries("orchestrator.store", "redrives")


def insert(
    conn: Connection, id: UUID, *, actor: str, rate: float | None, task_ids: Sequence[UUID], fingerprints: Sequence[str]
) -> None:
    """Begins a staged redrive of these dead letters; nothing is let go yet."""
    conn.execute(
        _SQL["insert_redrive"],
        {"id": id, "actor": actor, "rate": rate, "task_ids": list(task_ids), "fingerprints": list(fingerprints)},
    )


def running(conn: Connection) -> list[UUID]:
    return [row["id"] for row in conn.execute(_SQL["running_redrives"]).fetchall()]


def newest(conn: Connection, limit: int) -> list[dict[str, Any]]:
    return conn.execute(_SQL["newest_redrives"], {"limit": limit}).fetchall()


def get(conn: Connection, id: UUID) -> dict[str, Any] | None:
    return conn.execute(_SQL["get_redrive"], {"id": id}).fetchone()


def lock(conn: Connection, id: UUID) -> dict[str, Any] | None:
    """The redrive's row until the transaction ends; None when it is over or somebody else has it."""
    return conn.execute(_SQL["lock_redrive"], {"id": id}).fetchone()


def outcome_so_far(conn: Connection, ids: Sequence[UUID], fingerprints: Sequence[str]) -> tuple[int, str | None]:
    """How many of the tasks are not over, and the fingerprint of a failure that came back."""
    row = conn.execute(_SQL["outcome_so_far"], {"ids": list(ids), "fingerprints": list(fingerprints)}).fetchone()
    return (row["open"], row["failed_as"]) if row else (0, None)


def note_released(conn: Connection, id: UUID, released: int) -> None:
    conn.execute(_SQL["note_released"], {"id": id, "released": released})


def end(conn: Connection, id: UUID, state: str, reason: str | None) -> dict[str, Any] | None:
    """Ends a running redrive; None when it had ended."""
    return conn.execute(_SQL["end_redrive"], {"id": id, "state": state, "reason": reason}).fetchone()
