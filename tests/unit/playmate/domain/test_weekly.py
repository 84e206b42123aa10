"""Intervals and weekly windows: sets of instants, right through every change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playmate.domain.intervals import Interval, difference, intersection, union
from playmate.domain.weekly import Window, lay_out, merged, minute_of

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Etc/UTC"]


def at(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: Interval(at(p[0]), at(p[1]))))


def minutes(intervals: list[Interval]) -> set[int]:
    return {m for m in range(61) for each in intervals if each.start <= at(m) < each.end}


@given(INTERVALS, INTERVALS)
def test_intervals_are_sets(one: list[Interval], other: list[Interval]) -> None:
    a, b = union(one), union(other)
    assert minutes(a) == minutes(one)
    assert minutes(intersection(a, b)) == minutes(a) & minutes(b)
    assert minutes(difference(a, b)) == minutes(a) - minutes(b)
    assert all(x.end < y.start for x, y in pairwise(a))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start = draw(st.integers(0, 1425))
    return Window(draw(st.integers(1, 7)), start, draw(st.integers(start + 1, 1440)))


@given(st.lists(windows(), max_size=5), st.sampled_from(ZONES), st.integers(0, 364))
def test_an_instant_is_in_exactly_when_its_local_time_is(week: list[Window], zone_name: str, day: int) -> None:
    zone = ZoneInfo(zone_name)
    horizon = Interval(EPOCH + timedelta(days=day), EPOCH + timedelta(days=day + 2))

    def on(local: date) -> list[Window]:
        return [window for window in week if window.weekday == local.isoweekday()]

    found = lay_out(on, zone, horizon)
    for step in range(0, 2 * 1440, 17):
        instant = horizon.start + timedelta(minutes=step)
        local = instant.astimezone(zone)
        minute = local.hour * 60 + local.minute
        expected = any(window.start <= minute < window.end for window in on(local.date()))
        assert any(each.start <= instant < each.end for each in found) == expected, (instant, local)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 3.0), (date(2026, 3, 29), 2.0), (date(2026, 10, 25), 4.0)],
)
def test_one_to_four_on_ordinary_and_changing_nights(day: date, hours: float) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=6)
    horizon = Interval(start, start + timedelta(hours=36))

    def on(local: date) -> list[Window]:
        return [Window(1, 60, 240)] if local == day else []

    found = lay_out(on, ZoneInfo("Europe/Paris"), horizon)
    assert sum((each.length for each in found), timedelta()) == timedelta(hours=hours)


@given(st.lists(windows(), max_size=6))
def test_merged_windows_cover_the_same_minutes(week: list[Window]) -> None:
    def covered(of: list[Window]) -> set[tuple[int, int]]:
        return {(each.weekday, minute) for each in of for minute in range(each.start, each.end)}

    together = merged(week)
    assert covered(together) == covered(week)
    assert len({(each.weekday, each.start) for each in together}) == len(together)


@pytest.mark.parametrize(("text", "minute"), [("00:00", 0), ("15:30", 930), ("24:00", 1440)])
def test_times_of_day(text: str, minute: int) -> None:
    assert minute_of(text) == minute


@pytest.mark.parametrize("text", ["24:01", "7:30", "12:60", "noon", "12:30:00", "-1:00", "\uff11\uff12:00"])
def test_no_times_of_day(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        minute_of(text)
