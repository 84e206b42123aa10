"""Zones, countries, holidays, seasons and daylight of points with known answers."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from playmate.domain.coordinates import Point
from playmate.sources.daylight import daylight, lit_at
from playmate.sources.geography import belt, country_of, days_off, hemisphere, known_zone, season, zone_at

PARIS, SYDNEY, ATLANTIC = Point(48.85661, 2.35222), Point(-33.86882, 151.20929), Point(0.0, -30.0)
LONGYEARBYEN, SINGAPORE = Point(78.22334, 15.64689), Point(1.29, 103.85)


@pytest.mark.parametrize(
    ("point", "zone", "country"),
    [
        (PARIS, "Europe/Paris", "FR"),
        (SYDNEY, "Australia/Sydney", "AU"),
        (Point(59.33, 18.06), "Europe/Stockholm", "SE"),
        (LONGYEARBYEN, "Arctic/Longyearbyen", "SJ"),
        (ATLANTIC, "Etc/GMT+2", None),
        (Point(90.0, 0.0), None, None),
    ],
)
def test_zone_and_country(point: Point, zone: str | None, country: str | None) -> None:
    found = zone_at(point)
    assert zone is None or found.key == zone
    assert country_of(found) == country


def test_old_zone_names_lead_to_their_country() -> None:
    assert country_of(ZoneInfo("Asia/Calcutta")) == "IN"


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Europe", "Europe/Paris\x00", "/etc/localtime"])
def test_no_zones(name: str) -> None:
    assert known_zone(name) is None


def test_holidays_and_weekends_are_the_countrys() -> None:
    france = days_off(ZoneInfo("Europe/Paris"), (2026,))
    assert france.holidays[date(2026, 7, 14)]
    assert france.weekend == {6, 7}
    assert days_off(ZoneInfo("Asia/Riyadh"), (2026,)).weekend == {5, 6}
    assert date(2026, 12, 28) in days_off(ZoneInfo("Australia/Sydney"), (2026,)).holidays
    assert days_off(ZoneInfo("Etc/GMT+2"), (2026,)).holidays == {}
    assert days_off(ZoneInfo("Antarctica/McMurdo"), (2026,)).weekend == {6, 7}


@pytest.mark.parametrize(
    ("point", "day", "expected"),
    [
        (PARIS, date(2026, 12, 1), "winter"),
        (PARIS, date(2026, 2, 28), "winter"),
        (PARIS, date(2026, 3, 1), "spring"),
        (SYDNEY, date(2026, 12, 1), "summer"),
        (SYDNEY, date(2026, 5, 31), "autumn"),
    ],
)
def test_seasons(point: Point, day: date, expected: str) -> None:
    assert season(point, day) == expected


def test_belts_and_hemispheres() -> None:
    assert [belt(point) for point in (PARIS, SINGAPORE, LONGYEARBYEN)] == ["temperate", "tropical", "polar"]
    assert (hemisphere(SYDNEY), hemisphere(PARIS)) == ("southern", "northern")


def test_daylight_of_an_ordinary_day() -> None:
    """Almanac for Paris, 22 November 2026: 8:10 to 17:02, give or take two minutes."""
    day = daylight(PARIS, date(2026, 11, 22), ZoneInfo("Europe/Paris"))
    assert day.sunrise is not None
    assert day.sunset is not None
    assert abs(day.sunrise.hour * 60 + day.sunrise.minute - 490) <= 2
    assert abs(day.sunset.hour * 60 + day.sunset.minute - 1022) <= 2
    assert day.hours == pytest.approx(8.9, abs=0.1)


def test_polar_day_and_night() -> None:
    zone = ZoneInfo("Arctic/Longyearbyen")
    night, day = (daylight(LONGYEARBYEN, date(2026, month, 10), zone) for month in (12, 6))
    assert (night.sunrise, night.sunset, night.hours) == (None, None, 0.0)
    assert (day.sunrise, day.sunset, day.hours) == (None, None, 24.0)


def test_the_day_follows_the_venue_s_own_clock() -> None:
    """Sydney's day lies on two days of UTC."""
    lit = lit_at(SYDNEY)
    zone = ZoneInfo("Australia/Sydney")
    assert lit(datetime(2026, 12, 20, 7, 0, tzinfo=zone))
    assert not lit(datetime(2026, 12, 20, 23, 0, tzinfo=zone))
    day = daylight(SYDNEY, date(2026, 12, 20), zone)
    assert day.sunrise is not None
    assert (day.sunrise.date(), day.sunrise.hour) == (date(2026, 12, 20), 5)
