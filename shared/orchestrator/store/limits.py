"""Keyed limits: the attempts under each key, and the tasks that wait for room."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_column, fetch_one, fetch_value

_SQL = load_queries("orchestrator.store", "limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedLimit:
    """A limit under its key: at most so many attempts at once, and `requests` in any `per` seconds."""

    key: str
    at_most: int | None
    requests: int | None
    per: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The room under a limit for one task. Durations in seconds.

    `leaving`: when each attempt that is over counts no more, the first one first. `granted`: tasks that were granted a
    start and have not started. `is_granted`: this task may start now. `others_wait`: without such a grant.
    `share`: of the declared limit, which counts after a refusal.
    """

    key: str
    at_most: int | None
    requests: int | None
    per: float | None
    closed_for: float | None
    share: float
    running: int
    leaving: list[float]
    granted: int
    is_granted: bool
    others_wait: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A task that may start in `delay` seconds; `gone`: it can not start any more, and waits no longer."""

    id: UUID
    owner_id: str
    type: str
    traceparent: str | None
    gone: bool
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLimit:
    """The limit that a task waits for, and the number of tasks that wait before it."""

    key: str
    granted: bool
    ahead: int


def lock_limits(conn: Connection, limits: Collection[KeyedLimit]) -> None:
    """Store limits as the code declares them, and lock them until the transaction ends."""
    values = {
        "keys": [limit.key for limit in limits],
        "at_most": [limit.at_most for limit in limits],
        "requests": [limit.requests for limit in limits],
        "per": [limit.per for limit in limits],
    }
    conn.execute(_SQL["lock_limits"], values)


def lock_limit(conn: Connection, key: str) -> bool:
    """Lock a limit until the transaction ends; return False when it is gone."""
    return fetch_value(conn, str, _SQL["lock_limit"], {"key": key}) is not None


def end_uses(conn: Connection, keys: Collection[str]) -> None:
    """Note which attempts under locked limits are over."""
    conn.execute(_SQL["end_uses"], {"keys": list(keys)})


def read_rooms(conn: Connection, keys: Collection[str], task_id: UUID | None) -> list[Room]:
    """Return the room under locked limits, for a task or for the next one that waits (None)."""
    return fetch_all(conn, Room, _SQL["read_rooms"], {"keys": list(keys), "task_id": task_id})


def wait_for_room(conn: Connection, task_id: UUID, key: str) -> None:
    """Let a task wait under a locked limit."""
    conn.execute(_SQL["wait_for_room"], {"task_id": task_id, "key": key})


def use_limits(conn: Connection, task_id: UUID, token: int, keys: Collection[str]) -> None:
    """Count a claimed attempt under locked limits."""
    conn.execute(_SQL["use_limits"], {"task_id": task_id, "token": token, "keys": list(keys)})


def grant_starts(conn: Connection, key: str, delays: Sequence[float]) -> list[Granted]:
    """Grant a start to the tasks that have waited longest under a locked limit, each after its seconds of `delays`."""
    return fetch_all(conn, Granted, _SQL["grant_starts"], {"key": key, "delays": list(delays)})


def close_limit(conn: Connection, key: str, token: int, seconds: float) -> None:
    """Close a limit for `seconds`, because a service refused the attempt with this token."""
    conn.execute(_SQL["close_limit"], {"key": key, "token": token, "seconds": seconds})


def waiting_keys(conn: Connection, limit: int) -> list[str]:
    """Return the keys that tasks wait under."""
    return fetch_column(conn, str, _SQL["waiting_keys"], {"limit": limit})


def prune_limits(conn: Connection) -> int:
    """Delete limits that are not used any more; return how many."""
    return conn.execute(_SQL["prune_limits"]).rowcount


def limit_of_task(conn: Connection, task_id: UUID, most_ahead: int) -> TaskLimit | None:
    """Return the limit that a task waits for."""
    return fetch_one(conn, TaskLimit, _SQL["limit_of_task"], {"task_id": task_id, "most_ahead": most_ahead})
