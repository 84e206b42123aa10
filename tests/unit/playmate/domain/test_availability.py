"""The best slots: for all families, every slot satisfies every rule that is not a preference."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from playmate.domain.availability import (
    HORIZON,
    NOTICE,
    SCHOOL_AGES,
    SCHOOL_DAY,
    SHORTEST,
    Guest,
    Household,
    best_slots,
    daylight_throughout,
    playdate_length,
)
from playmate.domain.intervals import Interval
from playmate.domain.weekly import Window

#: A Monday.
NOW = datetime(2026, 10, 19, 7, 0, tzinfo=UTC)
ZONES = st.sampled_from([ZoneInfo(name) for name in ("Europe/Paris", "America/New_York", "Asia/Kolkata")])


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start = draw(st.integers(0, 1425))
    return Window(draw(st.integers(1, 7)), start, draw(st.integers(start + 1, 1440)))


@st.composite
def households(draw: st.DrawFn) -> Household:
    week = draw(st.none() | st.lists(windows(), max_size=6).map(tuple))
    off = draw(st.sets(st.integers(0, 13), max_size=2))
    taken = draw(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 8)), max_size=3))
    return Household(
        zone=draw(ZONES),
        windows=week,
        holidays={date(2026, 10, 19) + timedelta(days=n): "Holiday" for n in off},
        weekend=draw(st.sampled_from([frozenset({6, 7}), frozenset({5, 6})])),
        taken=tuple(Interval(NOW + timedelta(hours=a), NOW + timedelta(hours=a + n)) for a, n in taken),
    )


GUESTS = st.lists(st.builds(Guest, st.integers(0, 17), households()), min_size=1, max_size=2)


def lit_by_day(instant: datetime) -> bool:
    return 7 <= instant.hour < 17


@given(GUESTS, st.sampled_from(["football", "chess", "something"]))
@settings(deadline=None)
def test_every_slot_suits_everybody(guests: list[Guest], activity: str) -> None:
    slots = best_slots(guests, activity, NOW, lit=lit_by_day)
    for slot in slots:
        interval = slot.interval
        assert NOW + NOTICE <= interval.start < interval.end <= NOW + HORIZON
        assert SHORTEST <= interval.length <= playdate_length(min(guest.age for guest in guests))
        if activity == "football":
            assert daylight_throughout(interval, lit_by_day)
        for guest in guests:
            assert not any(interval.overlaps(taken) for taken in guest.household.taken)
            for minute in range(0, int(interval.length.total_seconds() // 60), 5):
                local = (interval.start + timedelta(minutes=minute)).astimezone(guest.household.zone)
                assert not at_school(guest, local)
                assert is_free(guest, local)
    ratings = [slot.rating for slot in slots]
    assert ratings == sorted(ratings, reverse=True)


def at_school(guest: Guest, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    return (
        guest.age in SCHOOL_AGES
        and not guest.household.day_off(local.date())
        and SCHOOL_DAY[0] <= minute < SCHOOL_DAY[1]
    )


def is_free(guest: Guest, local: datetime) -> bool:
    if guest.household.windows is None:
        return True
    minute = local.hour * 60 + local.minute
    return any(w.weekday == local.isoweekday() and w.start <= minute < w.end for w in guest.household.windows)


@given(GUESTS)
@settings(deadline=None)
def test_the_best_slot_is_the_same_from_both_sides(guests: list[Guest]) -> None:
    forth = best_slots(guests, "chess", NOW, count=1)
    back = best_slots(guests[::-1], "chess", NOW, count=1)
    assert [slot.interval for slot in forth] == [slot.interval for slot in back]


def test_little_ones_meet_in_the_morning_bigger_ones_after_lunch() -> None:
    home = Household(ZoneInfo("Europe/Paris"), windows=(Window(6, 9 * 60, 18 * 60),))
    little, big = (best_slots([Guest(age, home)], "chess", NOW)[0].interval for age in (4, 9))
    assert little.start.astimezone(home.zone).hour == 9
    assert big.start.astimezone(home.zone).hour == 14


def test_no_windows_means_never() -> None:
    assert best_slots([Guest(4, Household(ZoneInfo("Europe/Paris"), windows=()))], "chess", NOW) == []


def test_a_short_overlap_is_used_whole() -> None:
    zone = ZoneInfo("Europe/Paris")
    one = Household(zone, windows=(Window(6, 9 * 60, 11 * 60),))
    other = Household(zone, windows=(Window(6, 10 * 60 + 5, 18 * 60),))
    slots = best_slots([Guest(9, one), Guest(9, other)], "chess", NOW)
    assert [slot.interval.length for slot in slots] == [timedelta(minutes=55)] * 2
