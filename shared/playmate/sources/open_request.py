"""The recommendations while a friend request is open: they contain nothing of the other family but its name."""

from __future__ import annotations

from typing import Any

from orchestrator.store.connection import Connection
from playmate.domain.friendship import Link
from playmate.domain.weekly import Window, usual_week
from playmate.sources.geography import UTC_ZONE, days_off, known_zone, zone_at
from playmate.store import availability, kids
from playmate.store.accounts import Guardian


def before_friendship(conn: Connection, me: Guardian, link: Link, name: str) -> dict[str, Any]:
    """Return {headline, message, ownFreeTimes, ownActivities} for one of the two families of an open request."""
    activities = sorted({kid.favorite_activity for kid in kids.of_guardian(conn, me.id)}, key=str.casefold)
    times = [window.public() for window in _free_times(conn, me)]
    if link.asker_id == me.id:
        headline = f"You asked {name}"
        message = f"When {name} accepts, we match your kids and find times at which both families are free."
    else:
        headline = f"{name} would like to be your friend"
        message = "Here is what we would plan with: your free times and your kids' favourite activities."
    return {"headline": headline, "message": message, "ownFreeTimes": times, "ownActivities": activities}


def _free_times(conn: Connection, me: Guardian) -> tuple[Window, ...]:
    own = availability.get_calendars(conn, [me.id]).get(me.id)
    if own is not None:
        return own.windows
    zone = zone_at(me.point) if me.point else known_zone("Etc/UTC") or UTC_ZONE
    return usual_week(days_off(zone, ()).weekend)
