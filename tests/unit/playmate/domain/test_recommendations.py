"""The recommendations at a moment: known answers, and no time of the past for any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playmate.domain.coordinates import Point
from playmate.domain.recommendations import NO_LONGER, at_moment, has_passed

START = datetime(2026, 9, 12, 12, 0, tzinfo=UTC)


def time(days: int) -> dict[str, str]:
    start = START + timedelta(days=days)
    return {"startsAt": start.isoformat(), "endsAt": (start + timedelta(hours=1)).isoformat()}


def result() -> dict[str, Any]:
    others = [{"suggestedDay": "x", "suggestedSlot": "y", **time(days)} for days in (1, 2)]
    pair = {"kidId": 1, "suggestedSlot": "first", "timeZone": "Europe/Paris", "reason": "Free.", "alternatives": others}
    return {"friendId": 2, "friendLatitude": 1.0, "friendLongitude": 2.0, "recommendations": [{**pair, **time(0)}]}


@pytest.mark.parametrize(
    ("hours", "slot", "left"),
    [
        (-1, "first", 2),
        (0, "Sunday 13 September, 14:00 - 15:00", 1),
        (25, "Monday 14 September, 14:00 - 15:00", 0),
        (49, NO_LONGER, 0),
    ],
)
def test_the_first_time_ahead_is_shown(hours: int, slot: str, left: int) -> None:
    now = START + timedelta(hours=hours)
    [pair] = at_moment(result(), now, None)["recommendations"]
    assert (pair["suggestedSlot"], len(pair["alternatives"])) == (slot, left)
    assert has_passed(result(), now) is (hours >= 0)


@pytest.mark.parametrize("minutes", range(-60, 4_000, 37))
def test_no_time_of_the_past_at_any_moment(minutes: int) -> None:
    now = START + timedelta(minutes=minutes)
    shown = at_moment(result(), now, None)
    assert not has_passed(shown, now)
    for pair in shown["recommendations"]:
        assert all(datetime.fromisoformat(each["startsAt"]) > now for each in pair["alternatives"])


def test_the_point_is_the_present_one() -> None:
    shown = at_moment(result(), START, Point(48.0, 2.5))
    assert (shown["friendLatitude"], shown["friendLongitude"]) == (48.0, 2.5)
    assert at_moment(result(), START, None)["friendLatitude"] is None
