"""Staged redrives: in stages, at a rate, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_column, fetch_one

_SQL = load_queries("orchestrator.store", "staged_redrives")


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """A running staged redrive; the tasks that it released are due within `paced_for` seconds."""

    id: UUID
    actor: str
    canary: bool
    rate: float | None
    fingerprints: list[str]
    released: int
    total: int
    paced_for: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRedrive:
    """A staged redrive as operators read it. `open` released tasks are not over; `waiting_for` is one of them."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    actor: str
    canary: bool
    rate: float | None
    state: Literal["running", "stopped", "done"]
    reason: str | None
    failed_task: UUID | None
    fingerprints: list[str]
    released: int
    total: int
    open: int
    waiting_for: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The released tasks: how many are not over, one that failed again, and how many were refused."""

    open: int
    failed_as: str | None
    failed_task: UUID | None
    refused: int
    refused_task: UUID | None


def insert_redrive(
    conn: Connection,
    id: UUID,
    *,
    actor: str,
    canary: bool,
    rate: float | None,
    task_ids: Sequence[UUID],
    fingerprints: Sequence[str],
) -> None:
    """Create a staged redrive of these dead letters; none is released yet."""
    values = {"id": id, "actor": actor, "canary": canary, "rate": rate}
    conn.execute(_SQL["insert_redrive"], {**values, "task_ids": list(task_ids), "fingerprints": list(fingerprints)})


def running_redrives(conn: Connection) -> list[UUID]:
    return fetch_column(conn, UUID, _SQL["running_redrives"])


def newest_redrives(conn: Connection, limit: int) -> list[StagedRedrive]:
    """Return the redrives that run, and the newest of all."""
    return fetch_all(conn, StagedRedrive, _SQL["show_redrives"], {"id": None, "limit": limit})


def get_redrive(conn: Connection, id: UUID) -> StagedRedrive | None:
    return fetch_one(conn, StagedRedrive, _SQL["show_redrives"], {"id": id, "limit": 1})


def lock_redrive(conn: Connection, id: UUID) -> Going | None:
    """Lock a running redrive until the transaction ends; return None when it is over or locked."""
    return fetch_one(conn, Going, _SQL["lock_redrive"], {"id": id})


def outcome_so_far(conn: Connection, id: UUID) -> Outcome:
    (outcome,) = fetch_all(conn, Outcome, _SQL["outcome_so_far"], {"id": id})
    return outcome


def release(conn: Connection, id: UUID, *, after: int, released: int, paced_for: float | None) -> list[UUID]:
    """Record that the tasks from `after` up to `released` are released; return their ids."""
    values = {"id": id, "after": after, "released": released, "paced_for": paced_for}
    (ids,) = fetch_column(conn, list[UUID], _SQL["release"], values)
    return ids


def end_redrive(
    conn: Connection, id: UUID, state: str, reason: str | None = None, failed_task: UUID | None = None
) -> bool:
    """End a running redrive; return False when it had ended."""
    values = {"id": id, "state": state, "reason": reason, "failed_task": failed_task}
    return conn.execute(_SQL["end_redrive"], values).rowcount == 1
