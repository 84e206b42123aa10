"""Weekly windows on a family's own clock, laid out as instants; right on the nights when clocks change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playmate.domain.intervals import Interval, union

#: Minutes of a day on the clock.
DAY = 24 * 60
STEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Every week on one day, from one minute of the day up to another; weekday 1 is Monday, 7 Sunday."""

    weekday: int
    start: int
    end: int

    def public(self) -> dict[str, Any]:
        return {"weekday": self.weekday, "start": clock_text(self.start), "end": clock_text(self.end)}


def clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(text: str) -> int:
    """ "15:30" as minutes of the day, "24:00" its end; ValueError for anything else."""
    match = re.fullmatch(r"([0-9]{2}):([0-9]{2})", text)
    hour, minute = (int(match[1]), int(match[2])) if match else (99, 99)
    if minute > 59 or hour * 60 + minute > DAY:
        raise ValueError("must be a time of day as HH:MM")
    return hour * 60 + minute


#: A family that has said nothing: after school on weekdays, most of the day when there is none.
AFTERNOON = (16 * 60, 19 * 60)
FREE_DAY = (9 * 60 + 30, 18 * 60 + 30)


def usual_week(weekend: frozenset[int]) -> tuple[Window, ...]:
    """Return the usual windows of a week without holidays."""
    return tuple(Window(day, *(FREE_DAY if day in weekend else AFTERNOON)) for day in range(1, 8))


#: A clock offset and the interval in which it is valid.
Segment = tuple[Interval, timedelta]


def merged(windows: Iterable[Window]) -> list[Window]:
    """Return the same hours without overlaps, sorted."""
    joined: list[Window] = []
    for each in sorted(windows):
        last = joined[-1] if joined else None
        if last and last.weekday == each.weekday and each.start <= last.end:
            joined[-1] = Window(last.weekday, last.start, max(last.end, each.end))
        else:
            joined.append(each)
    return joined


def lay_out(windows_on: Callable[[date], Iterable[Window]], zone: ZoneInfo, horizon: Interval) -> list[Interval]:
    """Return the instants within `horizon` whose local time is in a window of its local date."""
    pieces: list[Interval] = []
    for span, offset in clock_segments(zone, horizon):
        day, last = (span.start + offset).date(), (span.end + offset).date()
        while day <= last:
            midnight = datetime.combine(day, time(), UTC) - offset
            pieces += [_clip(_at(midnight, window), span) for window in windows_on(day)]
            day += timedelta(days=1)
    return union(pieces)


def clock_segments(zone: ZoneInfo, horizon: Interval) -> list[Segment]:
    """Return the horizon cut where the zone's clock is put forward or back; within a piece the offset is fixed."""
    segments: list[Segment] = []
    start, offset = horizon.start, _offset(zone, horizon.start)
    at = start
    while at < horizon.end:
        following = min(at + STEP, horizon.end)
        if _offset(zone, following) != offset:
            change = _change(zone, at, following)
            segments.append((Interval(start, change), offset))
            start, offset = change, _offset(zone, change)
        at = following
    if start < horizon.end:
        segments.append((Interval(start, horizon.end), offset))
    return segments


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second of the new offset."""
    old = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _at(midnight: datetime, window: Window) -> Interval:
    return Interval(midnight + timedelta(minutes=window.start), midnight + timedelta(minutes=window.end))


def _clip(interval: Interval, span: Interval) -> Interval:
    return Interval(max(interval.start, span.start), min(interval.end, span.end))
