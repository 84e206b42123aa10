"""Derive a position's zone, country and days off without a network, from data in the layers."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from playmate.domain.coordinates import Point

if TYPE_CHECKING:
    from timezonefinder import TimezoneFinder

#: Degrees: between the tropics the sun reaches the zenith, beyond the polar circles it may not set or rise.
TROPIC, POLAR_CIRCLE = 23.44, 66.56

#: States and provinces with own holidays, by the zone that identifies them.
REGIONS: Mapping[str, tuple[str, str]] = {
    "Australia/Adelaide": ("AU", "SA"),
    "Australia/Brisbane": ("AU", "QLD"),
    "Australia/Darwin": ("AU", "NT"),
    "Australia/Hobart": ("AU", "TAS"),
    "Australia/Melbourne": ("AU", "VIC"),
    "Australia/Perth": ("AU", "WA"),
    "Australia/Sydney": ("AU", "NSW"),
    "America/Edmonton": ("CA", "AB"),
    "America/Halifax": ("CA", "NS"),
    "America/Regina": ("CA", "SK"),
    "America/St_Johns": ("CA", "NL"),
    "America/Vancouver": ("CA", "BC"),
    "America/Winnipeg": ("CA", "MB"),
    "Atlantic/Canary": ("ES", "CN"),
    "Pacific/Honolulu": ("US", "HI"),
}

#: Where nobody has said anything.
UTC_ZONE = ZoneInfo("Etc/UTC")

Season = Literal["spring", "summer", "autumn", "winter"]
NORTHERN: tuple[Season, ...] = ("winter", "spring", "summer", "autumn")


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Public holidays by date, and the weekdays without school, 1 Monday … 7 Sunday."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    weekend: frozenset[int] = frozenset({6, 7})


def known_zone(name: str) -> ZoneInfo | None:
    """Return the IANA zone of that name, or None. The machine may have other files, such as its own `localtime`."""
    return ZoneInfo(name) if name in _zone_names() else None


@cache
def _zone_names() -> frozenset[str]:
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - {"Factory"}  # the placeholder of a machine without a zone


@cache
def _finder() -> TimezoneFinder:
    from timezonefinder import TimezoneFinder

    finder = TimezoneFinder()
    atexit.register(finder.cleanup)  # its mapped files, before the interpreter complains of them
    return finder


def zone_at(point: Point) -> ZoneInfo:
    """Return the zone whose clocks are used there; at sea the nautical one."""
    name = _finder().timezone_at(lat=point.latitude, lng=point.longitude)
    return (known_zone(name) if name else None) or UTC_ZONE


@cache
def _countries() -> Mapping[str, str]:
    """Zone → ISO country, as the time zone database has it; old names lead to the new ones' country."""
    tables = resources.files("tzdata.zoneinfo")
    lines = tables.joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    countries = {row[2]: row[0] for row in rows}
    for line in tables.joinpath("tzdata.zi").read_text(encoding="utf-8").splitlines():
        kind, *names = line.split()
        if kind == "L" and names[0] in countries:
            countries.setdefault(names[1], countries[names[0]])
    return countries


def country_of(zone: ZoneInfo) -> str | None:
    """ISO code of the country whose clock this is; None at sea and for zones of no country."""
    return _countries().get(zone.key)


def days_off(zone: ZoneInfo, years: tuple[int, ...]) -> DaysOff:
    """Public holidays and weekend of the zone's country; Saturday and Sunday alone where it is unknown."""
    import holidays

    country, region = REGIONS.get(zone.key, (country_of(zone), None))
    if country is None:
        return DaysOff()
    try:
        found = holidays.country_holidays(country, subdiv=region, years=years, language="en_US")
    except NotImplementedError:
        return DaysOff()
    weekend = frozenset(day + 1 for day in found.weekend)
    return DaysOff(dict(sorted(found.items())), weekend)


def hemisphere(point: Point) -> Literal["northern", "southern"]:
    return "northern" if point.latitude >= 0 else "southern"


def belt(point: Point) -> Literal["tropical", "temperate", "polar"]:
    """Return the belt of the sun's course over the year."""
    latitude = abs(point.latitude)
    if latitude < TROPIC:
        return "tropical"
    return "polar" if latitude > POLAR_CIRCLE else "temperate"


def season(point: Point, day: date) -> Season:
    """Return the meteorological season; quarters of the year begin with December."""
    quarter = day.month % 12 // 3
    return NORTHERN[quarter if point.latitude >= 0 else (quarter + 2) % 4]
