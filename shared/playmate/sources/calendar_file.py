"""The iCalendar file (RFC 5545) of a playdate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playmate.store.playdates import Playdate

PRODUCT = "-//Playmate//Playdates//EN"
STATES = {"scheduled": "CONFIRMED", "closed": "CONFIRMED", "cancelled": "CANCELLED"}


def calendar_file(playdate: Playdate) -> str:
    """Return the file's text. A later version of the playdate replaces an earlier one in a calendar."""
    from icalendar import Calendar, Event  # only this route needs it

    event = Event()
    event.add("uid", f"playdate-{playdate.id}@playmate")
    event.add("sequence", playdate.version - 1)
    event.add("dtstamp", playdate.updated_at)
    event.add("dtstart", playdate.starts_at)
    event.add("dtend", playdate.ends_at)
    event.add("summary", playdate.title)
    event.add("location", playdate.location_name)
    if playdate.description:
        event.add("description", playdate.description)
    event.add("status", STATES[playdate.status])
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text
