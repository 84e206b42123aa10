"""The limit that a task waits for, and about how long."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from uuid import UUID

from orchestrator.engine.limits.starts import share_of, starts
from orchestrator.store import limits
from orchestrator.store.connection import Connection
from orchestrator.store.limits import Room

#: Waiting tasks that are counted.
MOST_AHEAD = 10_000


@dataclass(frozen=True, slots=True)
class LimitWait:
    """The key, the number of tasks before this one, and seconds; `starts_in` is None when nothing is known about it."""

    key: str
    ahead: int
    closed_for: float
    starts_in: float | None


def limit_wait(conn: Connection, task_id: UUID) -> LimitWait | None:
    """Return the limit that a task waits for; None when it waits for none, or may start."""
    found = limits.limit_of_task(conn, task_id, MOST_AHEAD)
    rooms = limits.read_rooms(conn, [found.key], None) if found is not None else []
    if found is None or not rooms:
        return None
    return LimitWait(found.key, found.ahead, rooms[0].closed_for or 0.0, expected(rooms[0], found.ahead))


def expected(room: Room, ahead: int) -> float | None:
    """Return the seconds until a task starts with `ahead` tasks before it, where a rate or a closing says it."""
    known = starts(room)
    if ahead < len(known):
        return known[ahead]
    if room.requests is None or room.per is None:
        return None
    last = known[-1] if known else 0.0
    return last + room.per * ceil((ahead + 1 - len(known)) / share_of(room.requests, room.share))
