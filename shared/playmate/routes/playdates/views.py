"""Playdates and participants as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.model.task import iso
from orchestrator.store.connection import Connection
from playmate.store import playdates
from playmate.store.accounts import GuardianId
from playmate.store.playdates import Person, Playdate


def playdate_views(conn: Connection, found: Sequence[Playdate]) -> list[dict[str, Any]]:
    """Return playdates with the participants that the caller may see."""
    people = playdates.people(conn, [each.id for each in found])
    return [playdate_view(each, people[each.id]) for each in found]


def playdate_view(playdate: Playdate, people: Sequence[Person]) -> dict[str, Any]:
    return {
        **_common(playdate),
        "participants": [participant_view(person) for person in people],
        "metrics": {"approvedGuests": playdate.approved, "pendingGuests": playdate.pending},
        "createdAt": iso(playdate.created_at),
        "updatedAt": iso(playdate.updated_at),
    }


def membership_views(conn: Connection, found: Sequence[Playdate], me: GuardianId) -> list[dict[str, Any]]:
    """Return the caller's part in friends' playdates."""
    people = playdates.people(conn, [each.id for each in found])
    return [_membership(each, people[each.id], me) for each in found]


def participant_view(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "userId": person.guardian_id,
        "role": person.role,
        "status": person.status,
        "awaits": person.asked,
        "joinedAt": iso(person.joined_at),
        "decisionNote": person.decision_note,
        "user": {"id": person.guardian_id, "name": person.name},
        "kids": person.kids,
    }


def _membership(playdate: Playdate, people: Sequence[Person], me: GuardianId) -> dict[str, Any]:
    mine = next(person for person in people if person.guardian_id == me)
    shown = participant_view(mine)
    part = {name: shown[name] for name in ("role", "status", "awaits", "joinedAt", "decisionNote")}
    return {
        "playdateId": playdate.id,
        "participantId": mine.id,
        **part,
        "playdate": _common(playdate),
        "participants": [participant_view(person) for person in people],
    }


def _common(playdate: Playdate) -> dict[str, Any]:
    return {
        "id": playdate.id,
        "title": playdate.title,
        "activity": playdate.activity,
        "description": playdate.description,
        "locationName": playdate.location_name,
        "startTime": iso(playdate.starts_at),
        "endTime": iso(playdate.ends_at),
        "status": playdate.status,
        "maxGuests": playdate.max_guests,
        "notes": playdate.notes,
        "host": {"id": playdate.host_id, "name": playdate.host_name},
    }
