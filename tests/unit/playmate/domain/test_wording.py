from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from playmate.domain.activities import known_activities, needs_daylight, setting
from playmate.domain.availability import Guest, Household
from playmate.domain.intervals import Interval
from playmate.domain.wording import day_and_hours, day_name, hours, reason

PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
#: Saturday, 28 November 2026, 14:00 in Paris.
START = datetime(2026, 11, 28, 13, 0, tzinfo=UTC)
SATURDAY = Interval(START, START + timedelta(minutes=90))


def test_a_time_as_text() -> None:
    assert day_name(SATURDAY, PARIS) == "Saturday"
    assert hours(SATURDAY, PARIS) == "14:00 - 15:30"
    assert day_and_hours(SATURDAY, NEW_YORK) == "Saturday 28 November, 08:00 - 09:30"


def test_why_in_one_line() -> None:
    guests = [Guest(6, Household(PARIS)), Guest(9, Household(NEW_YORK))]
    sunset = datetime(2026, 11, 28, 15, 57, tzinfo=UTC)
    assert reason(SATURDAY, guests, "Bruno", sunset) == (
        "You and Bruno are both free on the weekend, and it is light until 16:57. It is 08:00 - 09:30 on their clock."
    )
    assert reason(SATURDAY, guests[:1], None, None) == "You are free on the weekend."


def test_a_holiday_is_named() -> None:
    home = Household(PARIS, holidays={date(2026, 11, 28): "Some Day"})
    assert "public holiday (Some Day)" in reason(SATURDAY, [Guest(6, home)], None, None)


@pytest.mark.parametrize(
    ("activity", "where", "daylight"),
    [
        ("Football", "outdoor", True),
        ("indoor football", "indoor", False),
        ("treasure hunt", "outdoor", True),
        ("stargazing", "outdoor", False),
        ("Board games", "indoor", False),
        ("something new", "either", False),
        ("", "either", False),
    ],
)
def test_the_needs_of_an_activity(activity: str, where: str, daylight: bool) -> None:
    assert (setting(activity), needs_daylight(activity)) == (where, daylight)


def test_only_known_activities_are_passed_on() -> None:
    assert known_activities("Chess with Xanthippe at 5 Elm Street") == {"chess"}
