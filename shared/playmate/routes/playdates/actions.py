"""Shared by the routes of playdates: find and lock one, apply a rule's decision, notify the families."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.app import Services, current_owner, current_trace
from orchestrator.model.errors import Conflict, Forbidden, NotFound
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from playmate.domain import playdates as rules
from playmate.domain.friendship import Refusal
from playmate.domain.playdates import Guest
from playmate.store import friends, playdates
from playmate.store.accounts import GuardianId
from playmate.store.playdates import Person, Playdate, PlaydateId


def id_of(text: str, kind: str = "playdate") -> int:
    """Return an id out of the path. Raise NotFound for a text that cannot be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound(f"There is no such {kind}.")
    return int(text)


def locked(conn: Connection, text: str) -> Playdate:
    """Return a playdate of the caller or of a friend, locked. Raise NotFound."""
    found = playdates.lock_playdate(conn, PlaydateId(id_of(text)))
    if found is None:
        raise NotFound("There is no such playdate.")
    return found


def own(playdate: Playdate, me: GuardianId) -> Playdate:
    """Return the playdate. Raise Forbidden when another family hosts it."""
    if playdate.host_id != me:
        raise Forbidden("Only the host can do this.")
    return playdate


def refuse(refusal: Refusal) -> NoReturn:
    raise Conflict(refusal.message, code=refusal.code)


def accepted(decision: Guest | Refusal) -> Guest:
    """Return the decision of a rule. Raise Conflict for a refusal."""
    if isinstance(decision, Refusal):
        refuse(decision)
    return decision


def put_guest(
    conn: Connection, playdate: Playdate, guardian: GuardianId, guest: Guest, *, is_new: bool, note: str | None = None
) -> None:
    if is_new:
        playdates.add_guest(conn, playdate.id, guardian, guest)
    else:
        playdates.change_guest(conn, playdate.id, guardian, guest, note)


def invite(conn: Connection, playdate: Playdate, host: GuardianId, invited: list[int]) -> list[GuardianId]:
    """Invite friends of the host; return those who are asked anew. Raise Conflict for a family that is no friend."""
    known = {friend["id"] for friend in friends.confirmed(conn, host)}
    guests = playdates.guests(conn, playdate.id)
    asked = []
    for guardian in map(GuardianId, dict.fromkeys(invited)):
        if guardian not in known:
            raise Conflict("You can invite friends only.", code="not_friends")
        before = guests[guardian][1] if guardian in guests else None
        after = accepted(rules.invite(playdates.situation(conn, playdate, guardian), before))
        if after != before:
            put_guest(conn, playdate, guardian, after, is_new=before is None)
            asked.append(guardian)
    return asked


def person_of(conn: Connection, playdate: Playdate, guardian: GuardianId) -> Person:
    people = playdates.people(conn, [playdate.id])[playdate.id]
    return next(person for person in people if person.guardian_id == guardian)


@dataclass(frozen=True, slots=True)
class Followers:
    """The tasks that follow a change of a playdate; they exist exactly if the change commits."""

    services: Services
    router: Router
    conn: Connection

    def announce(self, playdate: int, change: str, guest: int | None = None) -> None:
        """Notify the families that a change of the caller concerns."""
        payload: dict[str, Json] = {"playdateId": playdate, "change": change}
        self._submit("playdate.announce", payload | ({"guestId": guest} if guest else {}))

    def arrange(self, playdate: int, version: int) -> None:
        """Start the task that reminds everybody on the evening before."""
        self._submit("playdate.arrange", {"playdateId": playdate, "version": version})

    def _submit(self, type: str, payload: dict[str, Json]) -> None:
        request = TaskRequest(
            owner=current_owner(self.router),
            type=type,
            payload=payload,
            traceparent=current_trace(self.router),
            by_user=False,
        )
        submit(self.services.db, self.services.queue, self.services.agents, request, connection=self.conn)
