"""Daylight at a point, also where the sun does not rise or set for weeks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from playmate.domain.coordinates import Point

#: Degrees of the sun's centre at sunrise and sunset: refraction and half its disc.
HORIZON = -0.833
STEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Daylight:
    """One local day: when it is light. Sunrise and sunset are None when they do not happen on that day."""

    sunrise: datetime | None
    sunset: datetime | None
    hours: float


def lit_at(point: Point) -> Callable[[datetime], bool]:
    """Return whether the sun is up at an instant."""
    from astral import Observer
    from astral.sun import elevation

    observer = Observer(point.latitude, point.longitude)

    def lit(instant: datetime) -> bool:
        return elevation(observer, instant.astimezone(UTC), with_refraction=False) >= HORIZON

    return lit


def daylight(point: Point, day: date, zone: ZoneInfo) -> Daylight:
    """Return the day from midnight to midnight on the zone's clock, by the minute near sunrise and sunset."""
    lit = lit_at(point)
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    sunrise, sunset, bright = None, None, timedelta()
    at, up = start, lit(start)
    while at < end:
        following = min(at + STEP, end)
        still = lit(following)
        if still == up:
            bright += (following - at) if up else timedelta()
        else:
            change = _change(lit, at, following)
            sunrise, sunset = (change, sunset) if still else (sunrise, change)
            bright += (following - change) if still else (change - at)
        at, up = following, still
    return Daylight(_local(sunrise, zone), _local(sunset, zone), round(bright / timedelta(hours=1), 1))


def _change(lit: Callable[[datetime], bool], before: datetime, after: datetime) -> datetime:
    """Return the minute in which day and night change."""
    first = lit(before)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if lit(middle) == first else (before, middle)
    return after.replace(second=0, microsecond=0)


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return instant.astimezone(zone) if instant else None
