"""Guests of playdates: join, leave, the host's decision, and what helps the host to decide."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import read
from orchestrator.model.errors import NotFound
from orchestrator.store.connection import Connection
from playmate.domain import playdates as rules
from playmate.domain.audit import Facts, KidFact, audit
from playmate.domain.coordinates import distance_km
from playmate.domain.friendship import Refusal
from playmate.domain.playdates import Guest
from playmate.routes.playdates.actions import Followers, accepted, id_of, locked, own, person_of, put_guest, refuse
from playmate.routes.playdates.schedule import PATH, PLAYDATE_ID
from playmate.routes.playdates.views import participant_view
from playmate.schemas.names import playdate_shapes
from playmate.store import kids, playdates, points
from playmate.store.accounts import GuardianId, guardian_id
from playmate.store.playdates import Playdate

ANSWER = {200: playdate_shapes.ParticipantAnswer}
PARTICIPANT_ID = Parameter("participant_id", {"type": "integer", "minimum": 1}, "path")
PARTICIPANT = f"{PATH}/<playdate_id>/participants/<participant_id>"
HOSTING = Refusal("You host this playdate.", "hosting")

JOINED = {"approved": "You take part.", "pending": "The host has been asked."}
DECIDED = {
    "approved": "{name} takes part.",
    "rejected": "{name} has been told.",
    "pending": "The request is open again.",
}


def playdate_guest_routes(services: Services) -> Router:
    router = Router()

    @router.post(f"{PATH}/<playdate_id>/join")
    @operation("Join a playdate", ANSWER, parameters=(PLAYDATE_ID,), refusals=(409,), tag="playdates")
    def join(playdate_id: str) -> Response[Any]:
        me = guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            playdate, after = join_playdate(conn, playdate_id, me)
            shown = participant_view(person_of(conn, playdate, me))
            change = "joined" if after.standing == "approved" else "asked"
            Followers(services, router, conn).announce(playdate.id, change)
        return json_response(200, {"participant": shown, "message": JOINED[after.standing]})

    @router.post(f"{PATH}/<playdate_id>/leave")
    @operation(
        "Leave a playdate, or decline an invitation",
        ANSWER,
        parameters=(PLAYDATE_ID,),
        refusals=(409,),
        tag="playdates",
    )
    def leave(playdate_id: str) -> Response[Any]:
        me = guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            playdate, before = _mine(conn, playdate_id, me)
            put_guest(conn, playdate, me, accepted(rules.leave(before)), is_new=False)
            shown = participant_view(person_of(conn, playdate, me))
            Followers(services, router, conn).announce(playdate.id, "left")
        return json_response(200, {"participant": shown, "message": "You do not take part."})

    @router.patch(PARTICIPANT)
    @operation(
        "Decide about a guest",
        ANSWER,
        body=playdate_shapes.Decision,
        parameters=(PLAYDATE_ID, PARTICIPANT_ID),
        refusals=(403, 409),
        tag="playdates",
    )
    def decide(playdate_id: str, participant_id: str) -> Response[Any]:
        from playmate.schemas.playdate_shapes import Decision

        body, me = read(Decision, router.current_event), guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            playdate = own(locked(conn, playdate_id), me)
            guardian, before = _guest(conn, playdate, participant_id)
            after = accepted(rules.decide(playdates.situation(conn, playdate, guardian), before, body.status))
            put_guest(conn, playdate, guardian, after, is_new=False, note=body.decisionNote)
            person = person_of(conn, playdate, guardian)
            if after != before:
                Followers(services, router, conn).announce(playdate.id, _change(after), guardian)
        message = DECIDED[after.standing].format(name=person.name)
        return json_response(200, {"participant": participant_view(person), "message": message})

    @router.get(f"{PATH}/<playdate_id>/audit/<participant_id>")
    @operation(
        "Reasons that help the host to decide about a guest",
        {200: playdate_shapes.AuditAnswer},
        parameters=(PLAYDATE_ID, PARTICIPANT_ID),
        refusals=(403,),
        tag="playdates",
    )
    def audit_of(playdate_id: str, participant_id: str) -> Response[Any]:
        me = guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            playdate = own(locked(conn, playdate_id), me)
            guardian, _ = _guest(conn, playdate, participant_id)
            facts = _facts(conn, playdate, guardian)
        return json_response(200, {"audit": audit(facts)})

    return router


def join_playdate(conn: Connection, playdate_id: str, me: GuardianId) -> tuple[Playdate, Guest]:
    """Ask to join, or say yes, in the caller's transaction. Raise NotFound or Conflict."""
    playdate, before = _mine(conn, playdate_id, me)
    after = accepted(rules.join(playdates.situation(conn, playdate, me), before))
    put_guest(conn, playdate, me, after, is_new=before is None)
    return playdate, after


def _mine(conn: Connection, playdate_id: str, me: GuardianId) -> tuple[Playdate, Guest | None]:
    """Return the locked playdate and the caller as its guest. Raise Conflict for the host."""
    playdate = locked(conn, playdate_id)
    if playdate.host_id == me:
        refuse(HOSTING)
    found = playdates.guests(conn, playdate.id).get(me)
    return playdate, found[1] if found else None


def _guest(conn: Connection, playdate: Playdate, participant_id: str) -> tuple[GuardianId, Guest]:
    """Return the guest of a participant's id. Raise NotFound."""
    wanted = id_of(participant_id, "participant")
    for guardian, (participant, guest) in playdates.guests(conn, playdate.id).items():
        if participant == wanted:
            return guardian, guest
    raise NotFound("There is no such participant.")


def _change(guest: Guest) -> str:
    return guest.standing if guest.standing in ("approved", "rejected") else "changed"


def _facts(conn: Connection, playdate: Playdate, guardian: GuardianId) -> Facts:
    """Return the facts about a guest. Points and kids of a guardian who is no friend are not the host's to read."""
    row = playdates.facts(conn, playdate.id, guardian)
    if row is None:
        raise NotFound("There is no such participant.")
    friends_kids = [each.kid for each in kids.of_friends(conn, playdate.host_id) if each.guardian.id == guardian]
    here, there = points.get_point(conn, playdate.host_id), points.get_point(conn, guardian)
    return Facts(
        applicant_id=guardian,
        applicant_name=row["name"],
        is_friend=row["is_friend"],
        mutual_friends=row["mutual_friends"],
        past_together=row["past_together"],
        upcoming_same_host=row["upcoming_same_host"],
        distance_km=distance_km(here, there) if here and there else None,
        kids=tuple(KidFact(kid.name, kid.age, kid.favorite_activity) for kid in friends_kids),
        host_activities=tuple(kid.favorite_activity for kid in kids.of_guardian(conn, playdate.host_id)),
    )
