"""Families' weekly windows, and the times proposed to their kids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from playmate.domain.intervals import Interval
from playmate.domain.weekly import Window, merged
from playmate.store.accounts import GuardianId

SQL = load_queries("playmate.store", "availability")
PROPOSALS = load_queries("playmate.store", "proposals")


@dataclass(frozen=True, slots=True)
class Calendar:
    """A guardian's time zone and weekly windows, as put by the guardian."""

    time_zone: str
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A time ahead proposed to two kids of two families."""

    kids: frozenset[int]
    guardians: frozenset[int]
    interval: Interval


def get_calendars(conn: Connection, guardians: Sequence[GuardianId]) -> dict[GuardianId, Calendar]:
    """Return the calendars of the families that have one."""
    found: dict[GuardianId, tuple[str, list[Window]]] = {}
    for row in conn.execute(SQL["get_calendars"], {"guardian_ids": list(guardians)}).fetchall():
        _, windows = found.setdefault(GuardianId(row["guardian_id"]), (row["time_zone"], []))
        if row["weekday"] is not None:
            windows.append(Window(row["weekday"], row["starts"], row["ends"]))
    return {guardian: Calendar(zone, tuple(windows)) for guardian, (zone, windows) in found.items()}


def put_calendar(conn: Connection, guardian: GuardianId, calendar: Calendar) -> bool:
    """Replace the guardian's calendar; return False when the guardian does not exist any more."""
    windows = merged(calendar.windows)
    values = {
        "guardian_id": guardian,
        "time_zone": calendar.time_zone,
        "weekdays": [window.weekday for window in windows],
        "starts": [window.start for window in windows],
        "ends": [window.end for window in windows],
    }
    return conn.execute(SQL["put_calendar"], values).fetchone() is not None


def clock(conn: Connection) -> datetime:
    row = conn.execute(PROPOSALS["clock"]).fetchone()
    assert row is not None  # noqa: S101 (a select without from has one row)
    now: datetime = row["now"]
    return now.astimezone(UTC)


def upcoming(conn: Connection, guardians: Sequence[GuardianId]) -> list[Proposal]:
    """Return future times that kids of these families have been proposed."""
    rows = conn.execute(PROPOSALS["upcoming"], {"guardian_ids": list(guardians)}).fetchall()
    return [
        Proposal(
            frozenset({row["kid_id"], row["match_kid_id"]}),
            frozenset({row["guardian_id"], row["match_guardian_id"]}),
            Interval(row["starts_at"].astimezone(UTC), row["ends_at"].astimezone(UTC)),
        )
        for row in rows
    ]


def propose(conn: Connection, kid_id: int, match_kid_id: int, interval: Interval) -> None:
    values = {
        "kid_id": kid_id,
        "match_kid_id": match_kid_id,
        "starts_at": interval.start,
        "ends_at": interval.end,
    }
    conn.execute(PROPOSALS["propose"], values)


def lock_pair(conn: Connection, guardian: GuardianId, friend: GuardianId) -> None:
    """Let plans of these two families wait for one another until the transaction ends."""
    conn.execute(PROPOSALS["lock_pair"], {"guardian_id": guardian, "friend_id": friend})


def withdraw(conn: Connection, guardian: GuardianId, friend: GuardianId) -> None:
    """Forget the times proposed to these two families."""
    conn.execute(PROPOSALS["withdraw"], {"guardian_id": guardian, "friend_id": friend})
