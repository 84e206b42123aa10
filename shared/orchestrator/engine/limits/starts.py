"""When the next attempts may start under a limit."""

from __future__ import annotations

from orchestrator.store.limits import Room


def starts(room: Room) -> list[float]:
    """Return the seconds until each further attempt may start, in order; the granted tasks have the first of them.

    Attempts that run now free no room before they are over, so the list ends at what is certain.
    """
    moments = _by_rate(room)
    if room.at_most is not None:
        free = max(0, share_of(room.at_most, room.share) - room.running)
        moments = [0.0] * free if moments is None else moments[:free]
    closed = room.closed_for or 0.0
    return [max(moment, closed) for moment in moments or ()]


def _by_rate(room: Room) -> list[float] | None:
    if room.requests is None:
        return None
    free = share_of(room.requests, room.share) - room.running - len(room.leaving)
    return [0.0] * free + room.leaving if free >= 0 else room.leaving[-free:]


def share_of(limit: int, share: float) -> int:
    """Return the part of a limit that counts, at least 1."""
    return max(1, int(limit * share))


def may_start(room: Room) -> bool:
    """Return whether the room's task may start now: it was granted a start, or no other task waits."""
    moments = starts(room)
    turn = 0 if room.is_granted else room.granted
    return (room.is_granted or not room.others_wait) and len(moments) > turn and moments[turn] <= 0


def free_starts(room: Room, within: float) -> list[float]:
    """Return the seconds until each start that is not granted yet, up to `within` seconds."""
    return [moment for moment in starts(room)[room.granted :] if moment <= within]
