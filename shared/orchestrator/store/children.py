"""Parents and the children they spawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "children")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChild:
    """A child to insert in its parent's transaction; `payload` is JSON text, `key` is unique among its siblings."""

    id: UUID
    owner_id: str
    type: str
    payload: str
    payload_version: int
    max_attempts: int
    limited: bool
    parent_id: UUID
    key: str
    gather: str | None = None
    traceparent: str | None = None


def insert_children(conn: Connection, children: Sequence[NewChild]) -> list[dict[str, Any]]:
    """Inserts in the caller's transaction; answers those that are new: {id, owner_id, traceparent}."""
    return conn.execute(
        _SQL["insert_children"],
        {
            "ids": [c.id for c in children],
            "owners": [c.owner_id for c in children],
            "types": [c.type for c in children],
            "payloads": [c.payload for c in children],
            "versions": [c.payload_version for c in children],
            "max_attempts": [c.max_attempts for c in children],
            "limited": [c.limited for c in children],
            "parents": [c.parent_id for c in children],
            "keys": [c.key for c in children],
            "gathers": [c.gather for c in children],
            "traceparents": [c.traceparent for c in children],
        },
    ).fetchall()


def children(conn: Connection, parent_id: UUID, gather: str | None = None) -> list[dict[str, Any]]:
    """A parent's children, of one join where it is named."""
    return conn.execute(_SQL["children"], {"parent_id": parent_id, "gather": gather}).fetchall()


def wake_parents(conn: Connection, parent_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Makes parents due whose join is satisfied; in the caller's transaction. Answers {id, owner_id, traceparent}."""
    ids = {"ids": list(parent_ids)}
    conn.execute(_SQL["lock_parents"], ids)
    return conn.execute(_SQL["wake_parents"], ids).fetchall()
