"""Playdates: schedule, read, change, and the calendar file. Guests are in playdate_guests."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import read
from orchestrator.http.serializers import fitting
from orchestrator.model.errors import NotFound
from orchestrator.store.connection import Connection
from playmate.domain import playdates as rules
from playmate.routes.playdates.actions import Followers, id_of, invite, locked, own, refuse
from playmate.routes.playdates.views import membership_views, playdate_views
from playmate.schemas.names import playdate_shapes
from playmate.store import playdates
from playmate.store.accounts import GuardianId, guardian_id
from playmate.store.playdates import Playdate, PlaydateId

if TYPE_CHECKING:
    from playmate.schemas.playdate_shapes import PlaydateBody, PlaydateChange

PATH = "/api/playdates"
PLAYDATE_ID = Parameter("playdate_id", {"type": "integer", "minimum": 1}, "path")
HOST_ID = Parameter("host_id", {"type": "integer", "minimum": 1}, "path")
SHAPE = playdate_shapes.Playdate

#: Column of each field of a change.
COLUMNS = {
    "title": "title",
    "activity": "activity",
    "locationName": "location_name",
    "startTime": "starts_at",
    "endTime": "ends_at",
    "description": "description",
    "notes": "notes",
    "maxGuests": "max_guests",
    "status": "status",
}


def playdate_routes(services: Services) -> Router:
    router = Router()

    @router.get(PATH)
    @operation("The caller's playdates", {200: playdate_shapes.MyPlaydates}, tag="playdates")
    def mine() -> Response[Any]:
        return json_response(200, services.db.run(_mine, guardian_id(current_owner(router))))

    @router.post(PATH)
    @operation(
        "Schedule a playdate", {201: SHAPE}, body=playdate_shapes.PlaydateBody, refusals=(404, 409), tag="playdates"
    )
    def schedule() -> Response[Any]:
        from playmate.schemas.playdate_shapes import PlaydateBody

        body, me = read(PlaydateBody, router.current_event), guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            playdate, invited = _schedule(conn, me, body)
            followers = Followers(services, router, conn)
            followers.arrange(playdate.id, playdate.version)
            for guest in invited:
                followers.announce(playdate.id, "invited", guest)
            [shown] = playdate_views(conn, [playdate])
        return json_response(201, shown)

    @router.patch(f"{PATH}/<playdate_id>")
    @operation(
        "Change, close or cancel a playdate",
        {200: SHAPE},
        body=playdate_shapes.PlaydateChange,
        parameters=(PLAYDATE_ID,),
        refusals=(403, 409),
        tag="playdates",
    )
    def change(playdate_id: str) -> Response[Any]:
        from playmate.schemas.playdate_shapes import PlaydateChange

        body, me = read(PlaydateChange, router.current_event), guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            before = own(locked(conn, playdate_id), me)
            invited = _change(conn, before, body)
            after = _again(conn, before.id)
            _follow(Followers(services, router, conn), before, after, invited)
            [shown] = playdate_views(conn, [after])
        return json_response(200, shown)

    @router.get(f"{PATH}/host/<host_id>")
    @operation(
        "The playdates of a friend that take guests",
        {200: playdate_shapes.Playdates},
        parameters=(HOST_ID,),
        tag="playdates",
    )
    def of_host(host_id: str) -> Response[Any]:
        host = GuardianId(id_of(host_id, "guardian"))
        return json_response(200, services.db.run(_hosted, host, only_open=True))

    @router.get(f"{PATH}/<playdate_id>.ics")
    @operation("The calendar file of a playdate", {200: None}, parameters=(PLAYDATE_ID,), tag="playdates")
    def calendar(playdate_id: str) -> Response[Any]:
        from playmate.sources.calendar_file import calendar_file

        found = services.db.run(playdates.get_playdate, PlaydateId(id_of(playdate_id)))
        if found is None:
            raise NotFound("There is no such playdate.")
        name = f'attachment; filename="playdate-{found.id}.ics"'
        return Response(
            200, "text/calendar; charset=utf-8", calendar_file(found), headers={"Content-Disposition": name}
        )

    return router


def _mine(conn: Connection, me: GuardianId) -> dict[str, Any]:
    joined = fitting(membership_views(conn, playdates.joined_by(conn, me), me))
    joined.sort(key=lambda each: (each["playdate"]["startTime"], each["playdateId"]))
    return {"hosted": _hosted(conn, me, only_open=False), "joined": joined}


def _hosted(conn: Connection, host: GuardianId, *, only_open: bool) -> list[dict[str, Any]]:
    shown = playdate_views(conn, playdates.hosted_by(conn, host, only_open=only_open))
    return sorted(fitting(shown), key=lambda each: (each["startTime"], each["id"]))


def _schedule(conn: Connection, me: GuardianId, body: PlaydateBody) -> tuple[Playdate, list[GuardianId]]:
    fields = {column: getattr(body, name) for name, column in COLUMNS.items() if name != "status"}
    _check_length(body.startTime, body.endTime)
    made = playdates.schedule(conn, me, fields)
    if made is None:
        raise NotFound("This account no longer exists.")
    playdate = _again(conn, made)
    _check_times(conn, playdate)
    _check_number(conn, me)
    return playdate, invite(conn, playdate, me, body.invite)


def _change(conn: Connection, before: Playdate, body: PlaydateChange) -> list[GuardianId]:
    """Write the change; return the guests who are invited by it. Raise Conflict."""
    given = {column: getattr(body, name) for name, column in COLUMNS.items() if name in body.model_fields_set}
    fields: dict[str, Any] = {column: getattr(before, column) for column in COLUMNS.values()} | given
    moves = (fields["starts_at"], fields["ends_at"]) != (before.starts_at, before.ends_at)
    if before.status == "cancelled":
        refuse(rules.CANCELLED)
    _check_length(fields["starts_at"], fields["ends_at"])
    guests = playdates.guests(conn, before.id)
    if fields["max_guests"] is not None:
        taken = rules.seats_taken(guest for _, guest in guests.values())
        if fields["max_guests"] < taken:
            refuse(rules.fewer_seats(taken))
    playdates.change(conn, before.id, before.host_id, {**fields, "version": before.version + moves})
    after = _again(conn, before.id)
    if moves:
        _check_times(conn, after)
        for guardian, (_, guest) in guests.items():
            playdates.change_guest(conn, before.id, guardian, rules.after_move(guest))
    return invite(conn, after, before.host_id, body.invite)


def _check_length(starts: datetime, ends: datetime) -> None:
    """Raise Conflict, before the write, for a length that no playdate can have."""
    refusal = rules.judge_length(starts, ends)
    if refusal is not None:
        refuse(refusal)


def _check_times(conn: Connection, playdate: Playdate) -> None:
    """Raise Conflict for times that cannot be, or at which the host takes part in another playdate.

    From here on, the host's other requests that schedule or join wait until the transaction ends.
    """
    refusal = rules.judge_times(playdate.starts_at, playdate.ends_at, playdate.now)
    if refusal is None and playdates.is_busy(conn, playdate.host_id, playdate.id, playdate.starts_at, playdate.ends_at):
        refusal = rules.CLASH
    if refusal is not None:
        refuse(refusal)


def _check_number(conn: Connection, me: GuardianId) -> None:
    """Raise Conflict when the new playdate is one too many. After `_check_times`, other requests of the host wait."""
    refusal = rules.judge_hosted(playdates.count_hosted(conn, me) - 1)
    if refusal is not None:
        refuse(refusal)


def _again(conn: Connection, playdate: PlaydateId) -> Playdate:
    found = playdates.lock_playdate(conn, playdate)
    if found is None:
        raise NotFound("There is no such playdate.")
    return found


def _follow(followers: Followers, before: Playdate, after: Playdate, invited: list[GuardianId]) -> None:
    """Notify the families of a change, and start the reminder of a new time."""
    moves = after.version != before.version
    if moves:
        followers.arrange(after.id, after.version)
    followers.announce(after.id, "cancelled" if after.status == "cancelled" else "moved" if moves else "changed")
    for guest in invited:
        followers.announce(after.id, "invited", guest)
