"""The recommendations as they may be shown at a moment: no time of the past, the friend's present point."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from playmate.domain.coordinates import Point
from playmate.domain.intervals import Interval
from playmate.domain.wording import day_and_hours

#: Shown where every proposed time has passed, until the recommendations are renewed.
NO_LONGER = "We are looking for a new time"


def at_moment(result: Mapping[str, Any], now: datetime, point: Point | None) -> dict[str, Any]:
    """Return the result with the friend's present point and with times after `now` only."""
    place = {"friendLatitude": point.latitude if point else None, "friendLongitude": point.longitude if point else None}
    return {**result, **place, "recommendations": [_ahead(pair, now) for pair in result["recommendations"]]}


def has_passed(result: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a proposed time is not after `now`."""
    return any(_is_past(pair, now) for pair in result["recommendations"])


def _ahead(pair: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the pair with the first of its times that is ahead; without any, with none."""
    others = [each for each in pair.get("alternatives") or () if not _is_past(each, now)]
    if not _is_past(pair, now):
        return {**pair, "alternatives": others}
    if not others:
        none: dict[str, Any] = {"startsAt": None, "endsAt": None, "reason": None, "alternatives": []}
        return {**pair, **none, "suggestedSlot": NO_LONGER}
    first, *rest = others
    times = {"startsAt": first["startsAt"], "endsAt": first["endsAt"]}
    return {**pair, **times, "suggestedSlot": _slot(first, pair["timeZone"]), "reason": None, "alternatives": rest}


def _slot(alternative: Mapping[str, Any], zone: str) -> str:
    start, end = (datetime.fromisoformat(alternative[name]).astimezone(UTC) for name in ("startsAt", "endsAt"))
    return day_and_hours(Interval(start, end), ZoneInfo(zone))


def _is_past(pair: Mapping[str, Any], now: datetime) -> bool:
    starts = pair.get("startsAt")
    return starts is not None and datetime.fromisoformat(starts) <= now
