"""The best real times for kids to meet: free for the families, out of school, light where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from playmate.domain.activities import needs_daylight
from playmate.domain.intervals import Interval, difference, intersection
from playmate.domain.weekly import AFTERNOON, DAY, FREE_DAY, Window, lay_out

HORIZON = timedelta(days=14)
#: Families get at least this long to prepare.
NOTICE = timedelta(hours=12)
#: Below this a playdate is not worth the way.
SHORTEST = timedelta(minutes=45)
GRID = timedelta(minutes=30)
SCHOOL_AGES = range(5, 18)
SCHOOL_DAY = (8 * 60, 16 * 60)
NAP = (12 * 60 + 30, 15 * 60)

Lit = Callable[[datetime], bool]


@dataclass(frozen=True, slots=True)
class Household:
    """A family for planning: its clock, its free hours, and the days off of its region."""

    zone: ZoneInfo
    #: The guardian's own windows; None means the sensible ones below.
    windows: tuple[Window, ...] | None = None
    holidays: Mapping[date, str] = field(default_factory=dict)
    #: Days without school, 1 Monday … 7 Sunday.
    weekend: frozenset[int] = frozenset({6, 7})
    #: Times already promised to others.
    taken: tuple[Interval, ...] = ()

    def day_off(self, day: date) -> bool:
        return day.isoweekday() in self.weekend or day in self.holidays


@dataclass(frozen=True, slots=True)
class Guest:
    """A kid with the household whose hours it keeps."""

    age: int
    household: Household


@dataclass(frozen=True, slots=True)
class Slot:
    """A time to meet and how much speaks for it."""

    interval: Interval
    rating: float


def usual_windows(household: Household, day: date) -> list[Window]:
    """Return the times at which a family without a calendar is likely free."""
    start, end = FREE_DAY if household.day_off(day) else AFTERNOON
    return [Window(day.isoweekday(), start, end)]


def free_times(household: Household, horizon: Interval) -> list[Interval]:
    """Return the family's windows, less its agreed playdates."""

    def windows_on(day: date) -> Iterable[Window]:
        if household.windows is None:
            return usual_windows(household, day)
        return [window for window in household.windows if window.weekday == day.isoweekday()]

    return difference(lay_out(windows_on, household.zone, horizon), household.taken)


def school_times(guest: Guest, horizon: Interval) -> list[Interval]:
    """Return the kid's school hours: none on weekends and public holidays of the region."""

    def windows_on(day: date) -> Iterable[Window]:
        if guest.household.day_off(day) or guest.age not in SCHOOL_AGES:
            return []
        return [Window(day.isoweekday(), *SCHOOL_DAY)]

    return lay_out(windows_on, guest.household.zone, horizon)


def common_times(guests: Sequence[Guest], now: datetime) -> list[Interval]:
    """Return the times at which all of them could meet within the horizon."""
    horizon = Interval(now + NOTICE, now + HORIZON)
    common = [horizon]
    for guest in guests:
        free = difference(free_times(guest.household, horizon), school_times(guest, horizon))
        common = intersection(common, free)
    return common


def best_slots(
    guests: Sequence[Guest], activity: str, now: datetime, *, lit: Lit | None = None, count: int = 3
) -> list[Slot]:
    """Return up to `count` slots on different days, best first.

    `lit` returns whether there is daylight at the meeting point; without it, daylight does not count.
    """
    must_be_lit = lit if needs_daylight(activity) else None
    length = playdate_length(min(guest.age for guest in guests))
    slots = [
        Slot(interval, _rating(interval, guests, length, now))
        for interval in _candidates(common_times(guests, now), length)
        if must_be_lit is None or daylight_throughout(interval, must_be_lit)
    ]
    slots.sort(key=lambda slot: (-slot.rating, slot.interval))
    return _on_different_days(slots, guests[0].household.zone, count)


def playdate_length(age: int) -> timedelta:
    """Return the duration that the youngest kid enjoys."""
    if age < 4:
        return timedelta(minutes=60)
    return timedelta(minutes=90) if age < 8 else timedelta(minutes=120)


def bedtime(age: int) -> int:
    """Return the minute of the day when a playdate should be over."""
    for oldest, hour in ((5, 19), (9, 20), (12, 21)):
        if age <= oldest:
            return hour * 60
    return 22 * 60


def daylight_throughout(interval: Interval, lit: Lit) -> bool:
    middle = interval.start + interval.length / 2
    return lit(interval.start) and lit(middle) and lit(interval.end)


def _candidates(free: Iterable[Interval], length: timedelta) -> list[Interval]:
    """Return slots of the wished length every half hour; where there is less room, the whole room."""
    found: list[Interval] = []
    for room in free:
        if room.length < length:
            found += [room] if room.length >= SHORTEST else []
            continue
        start = _on_grid(room.start)
        if start + length > room.end:
            start = room.start
        while start + length <= room.end:
            found.append(Interval(start, start + length))
            start += GRID
    return found


def _on_grid(instant: datetime) -> datetime:
    """Return the next full or half hour; offsets of quarter hours keep to their own quarter."""
    past = timedelta(minutes=instant.minute % 15, seconds=instant.second, microseconds=instant.microsecond)
    return instant if not past else instant + timedelta(minutes=15) - past


def _rating(interval: Interval, guests: Sequence[Guest], length: timedelta, now: datetime) -> float:
    days_ahead = (interval.start - now) / timedelta(days=1)
    whole = 1.0 if interval.length >= length else -1.0
    return whole - 0.15 * days_ahead + sum(_suits(interval, guest) for guest in guests) / len(guests)


def _suits(interval: Interval, guest: Guest) -> float:
    """Return a number for the time that suits one kid on its own clock."""
    zone = guest.household.zone
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    begins = start.hour * 60 + start.minute
    ends = begins + interval.length // timedelta(minutes=1)
    points = _day_points(guest.household, start.date())
    points += 2.0 if _good_hour(guest.age, begins) else 0.0
    points -= 6.0 if ends > min(bedtime(guest.age), DAY) or begins < 8 * 60 else 0.0
    naps = guest.age < 3 and begins < NAP[1] and ends > NAP[0]
    return points - (3.0 if naps else 0.0) - (1.0 if end.date() != start.date() else 0.0)


def _day_points(household: Household, day: date) -> float:
    """Return the points of a day. Weekends are best; on public holidays families often have plans of their own."""
    if day in household.holidays:
        return 2.0
    return 3.0 if household.day_off(day) else 0.0


def _good_hour(age: int, minute: int) -> bool:
    """Little ones are at their best in the morning, bigger ones after lunch."""
    return 9 * 60 <= minute <= 11 * 60 if age < 6 else 14 * 60 <= minute <= 16 * 60 + 30


def _on_different_days(slots: Sequence[Slot], zone: ZoneInfo, count: int) -> list[Slot]:
    chosen: dict[date, Slot] = {}
    for slot in slots:
        chosen.setdefault(slot.interval.start.astimezone(zone).date(), slot)
        if len(chosen) == count:
            break
    return list(chosen.values())
