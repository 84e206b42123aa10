"""How a time to meet is said to a family: the day, the hours, and why just then, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from playmate.domain.availability import SCHOOL_AGES, Guest
from playmate.domain.intervals import Interval

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# fmt: off
MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")
# fmt: on


def day_name(interval: Interval, zone: ZoneInfo) -> str:
    return DAYS[interval.start.astimezone(zone).weekday()]


def hours(interval: Interval, zone: ZoneInfo) -> str:
    """ "15:00 - 16:30" on that zone's clock."""
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    return f"{start:%H:%M} - {end:%H:%M}"


def day_and_hours(interval: Interval, zone: ZoneInfo) -> str:
    """ "Saturday 28 November, 15:00 - 16:30"."""
    start = interval.start.astimezone(zone)
    return f"{day_name(interval, zone)} {start.day} {MONTHS[start.month - 1]}, {hours(interval, zone)}"


def reason(interval: Interval, guests: Sequence[Guest], friend: str | None, sunset: datetime | None) -> str:
    """Return why this time was chosen: the free families, the kind of day, daylight if it counts, another clock."""
    mine = guests[0]
    zone = mine.household.zone
    free = f"You and {friend} are both free" if friend else "You are free"
    light = "" if sunset is None else f", and it is light until {sunset.astimezone(zone):%H:%M}"
    sentences = [f"{free}{_kind_of_day(interval, guests)}{light}."]
    for guest in guests[1:]:
        there = guest.household.zone
        if interval.start.astimezone(there).utcoffset() != interval.start.astimezone(zone).utcoffset():
            sentences.append(f"It is {hours(interval, there)} on their clock.")
    return " ".join(sentences)


def _kind_of_day(interval: Interval, guests: Sequence[Guest]) -> str:
    home = guests[0].household
    day = interval.start.astimezone(home.zone).date()
    if day in home.holidays:
        return f" on a public holiday ({home.holidays[day]})"
    if home.day_off(day):
        return " on the weekend"
    return " after school" if any(guest.age in SCHOOL_AGES for guest in guests) else ""
