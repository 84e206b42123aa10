"""Parents and the children they spawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all
from orchestrator.store.tasks import RunnableTask

_SQL = load_queries("orchestrator.store", "children")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChild:
    """A child to insert in its parent's transaction; `payload` is JSON text, `key` is unique among its siblings;
    `deadline` is in seconds from now."""

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
    deadline: float | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedChild:
    """A child as operators read it."""

    id: UUID
    type: str
    status: Status
    error: Json
    spawn_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildTask(ListedChild):
    """A child as its parent reads it."""

    result: Json


def insert_children(conn: Connection, children: Sequence[NewChild]) -> list[RunnableTask]:
    """Insert children in the caller's transaction; return those that are new."""
    values = {
        "ids": [c.id for c in children],
        "owners": [c.owner_id for c in children],
        "types": [c.type for c in children],
        "payloads": [c.payload for c in children],
        "versions": [c.payload_version for c in children],
        "max_attempts": [c.max_attempts for c in children],
        "deadlines": [c.deadline for c in children],
        "limited": [c.limited for c in children],
        "parents": [c.parent_id for c in children],
        "keys": [c.key for c in children],
        "gathers": [c.gather for c in children],
        "traceparents": [c.traceparent for c in children],
    }
    return fetch_all(conn, RunnableTask, _SQL["insert_children"], values)


def children(conn: Connection, parent_id: UUID, gather: str | None = None) -> list[ChildTask]:
    """Return a parent's children, of one join when it is named."""
    return fetch_all(conn, ChildTask, _SQL["children"], {"parent_id": parent_id, "gather": gather})


def list_children(conn: Connection, parent_id: UUID, limit: int) -> list[ListedChild]:
    """Return a parent's first children, without their results."""
    return fetch_all(conn, ListedChild, _SQL["list_children"], {"parent_id": parent_id, "limit": limit})


def wake_parents(conn: Connection, parent_ids: Collection[UUID]) -> list[RunnableTask]:
    """Make parents due whose join has enough finished children, in the caller's transaction; return them."""
    ids = {"ids": list(parent_ids)}
    conn.execute(_SQL["lock_parents"], ids)
    return fetch_all(conn, RunnableTask, _SQL["wake_parents"], ids)
