"""Combine a family's calendar, point and proposals, and find the best times by the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.store.connection import Connection
from playmate.domain.activities import needs_daylight
from playmate.domain.availability import (
    HORIZON,
    Guest,
    Household,
    Lit,
    Slot,
    best_slots,
    common_times,
    daylight_throughout,
)
from playmate.domain.coordinates import Point
from playmate.domain.intervals import Interval, intersection
from playmate.domain.wording import day_and_hours, day_name, hours, reason
from playmate.sources.daylight import daylight, lit_at
from playmate.sources.geography import UTC_ZONE, days_off, known_zone, zone_at
from playmate.store import availability, plans
from playmate.store.accounts import Guardian, GuardianId
from playmate.store.availability import Calendar, Proposal
from playmate.store.kids import Kid

NO_TIME = "No common time in the next two weeks"


@dataclass(frozen=True, slots=True)
class Plan:
    """When two kids, or one alone, could meet; no interval when there is no time at all."""

    zone: ZoneInfo
    interval: Interval | None
    reason: str
    #: Whether an outdoor activity has the daylight it needs.
    lit: bool = True
    alternatives: tuple[Interval, ...] = ()

    @property
    def slot_text(self) -> str:
        return day_and_hours(self.interval, self.zone) if self.interval else NO_TIME

    def instants(self) -> dict[str, Any]:
        """Return the exact times beside the text forms, with the zone's own offset."""
        if self.interval is None:
            return {"startsAt": None, "endsAt": None, "timeZone": self.zone.key, "reason": self.reason}
        return {
            "startsAt": self.interval.start.astimezone(self.zone).isoformat(),
            "endsAt": self.interval.end.astimezone(self.zone).isoformat(),
            "timeZone": self.zone.key,
            "reason": self.reason,
            "alternatives": [self._alternative(interval) for interval in self.alternatives],
        }

    def _alternative(self, interval: Interval) -> dict[str, Any]:
        return {
            "suggestedDay": day_name(interval, self.zone),
            "suggestedSlot": hours(interval, self.zone),
            "startsAt": interval.start.astimezone(self.zone).isoformat(),
            "endsAt": interval.end.astimezone(self.zone).isoformat(),
        }


@dataclass(slots=True)
class Planner:
    """Plans for one guardian at one moment of the database's clock."""

    now: datetime
    me: Guardian
    calendars: Mapping[GuardianId, Calendar]
    proposals: Sequence[Proposal]
    #: The zones of families' devices, for families with neither hours nor a point.
    home_zones: Mapping[GuardianId, str] = field(default_factory=dict)
    _lit: dict[Point, Lit] = field(default_factory=dict)

    @classmethod
    def load(cls, conn: Connection, me: Guardian, friends: Iterable[GuardianId]) -> Planner:
        guardians = [me.id, *friends]
        return cls(
            now=availability.clock(conn),
            me=me,
            calendars=availability.get_calendars(conn, guardians),
            proposals=availability.upcoming(conn, guardians),
            home_zones=plans.home_zones(conn, guardians),
        )

    def alone(self, kid: Kid) -> Plan:
        """Return times in the family's own week."""
        return self._plan(kid, [self._guest(kid, self.me, None)], None, self._points(self.me))

    def together(self, kid: Kid, friend: Guardian, match: Kid) -> Plan:
        """Return the times that both families share. An earlier proposal to these kids stays while it is possible."""
        guests = [self._guest(kid, self.me, friend), self._guest(match, friend, self.me)]
        return self._plan(kid, guests, (friend, match), self._points(self.me, friend))

    def _plan(self, kid: Kid, guests: list[Guest], other: tuple[Guardian, Kid] | None, points: list[Point]) -> Plan:
        lit = self._lit_at_all(points) if points else None
        zone = guests[0].household.zone
        name = other[0].name if other else None
        activity = _most_demanding(kid, other[1] if other else None)
        kept = self._kept(frozenset({kid.id, other[1].id}), guests, activity, lit) if other else None
        slots = best_slots(guests, activity, self.now, lit=lit)
        if kept is not None:
            slots = [Slot(kept, 0.0), *(slot for slot in slots if not slot.interval.overlaps(kept))]
        dark = not slots and lit is not None and needs_daylight(activity)
        if dark:
            slots = best_slots(guests, "", self.now)
        if not slots:
            subject = f"you and {name} share" if name else "your week leaves"
            return Plan(zone, None, f"In the next two weeks {subject} no time of at least 45 minutes.")
        first = slots[0].interval
        why = reason(first, guests, name, None if dark else self._sunset(activity, first, points, zone))
        if dark:
            why = f"{why} There is no daylight when you are free, so meet indoors."
        return Plan(zone, first, why, not dark, tuple(slot.interval for slot in slots[1:3]))

    def _kept(self, kids: frozenset[int], guests: Sequence[Guest], activity: str, lit: Lit | None) -> Interval | None:
        """Return the time these two kids have been proposed, if it is still free and light."""
        found = next((proposal.interval for proposal in self.proposals if proposal.kids == kids), None)
        if found is None or intersection([found], common_times(guests, self.now)) != [found]:
            return None
        light = lit is None or not needs_daylight(activity) or daylight_throughout(found, lit)
        return found if light else None

    def _guest(self, kid: Kid, guardian: Guardian, partner: Guardian | None) -> Guest:
        return Guest(kid.age, self._household(guardian, partner))

    def zone_of(self, guardian: Guardian) -> ZoneInfo:
        """Return the family's time zone: of its hours, its point, its device, or UTC."""
        calendar = self.calendars.get(guardian.id)
        chosen = known_zone(calendar.time_zone) if calendar else None
        local = zone_at(guardian.point) if guardian.point else None
        return chosen or local or known_zone(self.home_zones.get(guardian.id, "")) or UTC_ZONE

    def _household(self, guardian: Guardian, partner: Guardian | None) -> Household:
        calendar = self.calendars.get(guardian.id)
        zone_ = zone_at(guardian.point) if guardian.point else None
        zone = self.zone_of(guardian)
        years = tuple(sorted({self.now.year, (self.now + HORIZON).year}))
        off = days_off(zone_ or zone, years)
        pair = {guardian.id, partner.id} if partner else {guardian.id}
        others = (p for p in self.proposals if guardian.id in p.guardians and p.guardians != pair)
        taken = tuple(proposal.interval for proposal in others)
        windows = calendar.windows if calendar else None
        return Household(zone, windows, off.holidays, off.weekend, taken)

    def _points(self, *guardians: Guardian) -> list[Point]:
        return [guardian.point for guardian in guardians if guardian.point]

    def _lit_at_all(self, points: Sequence[Point]) -> Lit:
        tests = [self._lit.setdefault(point, lit_at(point)) for point in points]
        return lambda instant: all(lit(instant) for lit in tests)

    def _sunset(self, activity: str, interval: Interval, points: Sequence[Point], zone: ZoneInfo) -> datetime | None:
        if not points or not needs_daylight(activity):
            return None
        return daylight(points[0], interval.start.astimezone(zone).date(), zone).sunset


def _most_demanding(kid: Kid, match: Kid | None) -> str:
    """Return the activity to plan for, the same from both families' side: outdoors if either kid is drawn there."""
    favorites = [kid.favorite_activity, *([match.favorite_activity] if match else [])]
    return next((activity for activity in favorites if needs_daylight(activity)), kid.favorite_activity)
