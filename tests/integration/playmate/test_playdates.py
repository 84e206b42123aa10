"""Playdates over HTTP on a real database: the families that see, join and decide."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from psycopg.errors import CheckViolation

from orchestrator.model.errors import Conflict
from orchestrator.store import row_security
from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.routes.playdates.guests import join_playdate
from playmate.schemas import playdate_shapes
from playmate.store.accounts import GuardianId
from tests.integration.playmate.conftest import MakeFamily
from tests.support.gateway import Caller
from tests.support.playdates import PATH, body, code, decide, hosted, part, scheduled
from tests.support.postgres import connect_as

Run = Callable[..., Ran]
Befriend = Callable[..., None]
CallAs = Callable[[int], Caller]


def test_from_the_schedule_to_a_seat(three: tuple[int, ...], caller: CallAs) -> None:
    amira, bruno, _ = three
    made = scheduled(caller(amira), maxGuests=1, description="Bring a ball.\nAnd water.")
    assert (made["status"], made["maxGuests"]) == ("scheduled", 1)
    assert made["metrics"] == {"approvedGuests": 0, "pendingGuests": 0}
    assert [(each["role"], each["user"]["name"]) for each in made["participants"]] == [("host", "Amira")]
    joined = caller(bruno).post(f"{PATH}/{made['id']}/join", {})
    assert (joined.status, joined.json()["participant"]["status"]) == (200, "pending")
    assert hosted(caller(amira))["metrics"] == {"approvedGuests": 0, "pendingGuests": 1}
    approved = decide(caller(amira), made, bruno, "approved", decisionNote="See you there.")
    playdate_shapes.ParticipantAnswer.model_validate(approved.json())
    [membership] = caller(bruno).get(PATH).json()["joined"]
    assert (membership["status"], membership["decisionNote"]) == ("approved", "See you there.")
    assert membership["playdate"]["host"] == {"id": amira, "name": "Amira"}
    left = caller(bruno).post(f"{PATH}/{made['id']}/leave", {})
    assert left.json()["participant"]["status"] == "left"
    assert hosted(caller(amira))["metrics"]["approvedGuests"] == 0


def test_an_invited_family_needs_one_press(three: tuple[int, ...], caller: CallAs) -> None:
    amira, bruno, chloe = three
    made = scheduled(caller(amira), invite=[bruno, chloe], maxGuests=1)
    assert {part(made, guest)["awaits"] for guest in (bruno, chloe)} == {"guest"}
    assert code(decide(caller(amira), made, bruno, "approved")) == (409, "not_answered")
    assert caller(bruno).post(f"{PATH}/{made['id']}/join", {}).json()["participant"]["status"] == "approved"
    assert code(caller(chloe).post(f"{PATH}/{made['id']}/join", {})) == (409, "full")
    assert caller(chloe).post(f"{PATH}/{made['id']}/leave", {}).status == 200


def test_only_friends_of_the_host_see_a_playdate(three: tuple[int, ...], caller: CallAs, family: MakeFamily) -> None:
    amira, bruno, chloe = three
    stranger = family("Stranger")
    made = scheduled(caller(amira), invite=[bruno])
    caller(bruno).post(f"{PATH}/{made['id']}/join", {})
    path = f"{PATH}/{made['id']}"
    assert caller(stranger).get(f"{PATH}/host/{amira}").json() == []
    assert caller(stranger).get(f"{path}.ics").status == 404
    for method, where, data in (
        ("POST", f"{path}/join", {}),
        ("POST", f"{path}/leave", {}),
        ("PATCH", path, {"title": "Mine"}),
        ("PATCH", f"{path}/participants/1", {"status": "approved"}),
        ("GET", f"{path}/audit/1", None),
    ):
        assert caller(stranger).send(method, where, data=data).status == 404, where
    # A friend who takes no part sees the host and the numbers; kids and other guests are for those who take part.
    [seen] = caller(chloe).get(f"{PATH}/host/{amira}").json()
    assert [each["user"]["name"] for each in seen["participants"]] == ["Amira"]
    assert (seen["participants"][0]["kids"], seen["metrics"]["approvedGuests"]) == (None, 1)
    [mine] = caller(bruno).get(PATH).json()["joined"]
    assert [kid["name"] for each in mine["participants"] for kid in each["kids"]] == ["Lina", "Zoe"]
    assert [kid["name"] for kid in part(hosted(caller(amira)), bruno)["kids"]] == ["Zoe"]
    assert code(caller(chloe).send("PATCH", path, data={"title": "Mine"})) == (403, "forbidden")


def test_strangers_cannot_be_invited(three: tuple[int, ...], caller: CallAs, family: MakeFamily) -> None:
    stranger = family("Stranger")
    answer = caller(three[0]).post(PATH, body(invite=[stranger]))
    assert code(answer) == (409, "not_friends")
    assert caller(three[0]).get(PATH).json()["hosted"] == []


def test_a_new_time_asks_again_and_keeps_the_seat(conn: Connection, three: tuple[int, ...], caller: CallAs) -> None:
    amira, bruno, chloe = three
    made = scheduled(caller(amira), invite=[bruno], maxGuests=1)
    caller(bruno).post(f"{PATH}/{made['id']}/join", {})
    later = body(3)
    moved = caller(amira).send(
        "PATCH", f"{PATH}/{made['id']}", data={"startTime": later["startTime"], "endTime": later["endTime"]}
    )
    assert part(moved.json(), bruno)["awaits"] == "guest"
    assert code(caller(chloe).post(f"{PATH}/{made['id']}/join", {})) == (409, "full"), "the seat is kept"
    assert caller(bruno).post(f"{PATH}/{made['id']}/join", {}).json()["participant"]["status"] == "approved"
    versions = conn.execute("SELECT payload FROM agent_tasks WHERE type = 'playdate.arrange' ORDER BY id").fetchall()
    assert [row["payload"]["version"] for row in versions] == [1, 2]
    same = caller(amira).send("PATCH", f"{PATH}/{made['id']}", data={"title": "Football, rain or shine", "notes": None})
    assert part(same.json(), bruno)["status"] == "approved", "another title asks nobody"


def test_one_family_is_in_one_playdate_at_a_time(three: tuple[int, ...], caller: CallAs) -> None:
    amira, bruno, chloe = three
    by_amira = scheduled(caller(amira), invite=[bruno])
    assert code(caller(amira).post(PATH, body(1))) == (409, "overlaps")
    scheduled(caller(bruno), 1)
    assert code(caller(bruno).post(f"{PATH}/{by_amira['id']}/join", {})) == (409, "overlaps")
    assert code(caller(amira).post(PATH, body(-24 * 30))) == (409, "starts_in_the_past")
    scheduled(caller(amira), 2, invite=[chloe])  # begins when the first one ends


def test_a_playdate_ends_after_it_starts(three: tuple[int, ...], caller: CallAs) -> None:
    amira = caller(three[0])
    never = body(0)
    assert code(amira.post(PATH, {**never, "endTime": never["startTime"]})) == (409, "ends_too_early")
    made = scheduled(amira)
    answer = amira.send("PATCH", f"{PATH}/{made['id']}", data={"endTime": made["startTime"]})
    assert code(answer) == (409, "ends_too_early")


def test_close_and_cancel(three: tuple[int, ...], caller: CallAs) -> None:
    amira, bruno, chloe = three
    made = scheduled(caller(amira), invite=[bruno])
    caller(bruno).post(f"{PATH}/{made['id']}/join", {})
    path = f"{PATH}/{made['id']}"
    assert caller(amira).send("PATCH", path, data={"status": "closed"}).json()["status"] == "closed"
    assert code(caller(chloe).post(f"{path}/join", {})) == (409, "closed")
    assert caller(chloe).get(f"{PATH}/host/{amira}").json() == []
    assert code(caller(amira).send("PATCH", path, data={"maxGuests": 0})) == (400, "invalid_input")
    assert caller(amira).send("PATCH", path, data={"status": "cancelled"}).status == 200
    assert code(caller(amira).send("PATCH", path, data={"status": "scheduled"})) == (409, "cancelled")
    assert caller(bruno).get(PATH).json()["joined"][0]["playdate"]["status"] == "cancelled"
    scheduled(caller(bruno))  # the time is free again


def test_seats_cannot_be_fewer_than_guests(three: tuple[int, ...], caller: CallAs) -> None:
    amira, bruno, chloe = three
    made = scheduled(caller(amira), invite=[bruno, chloe], maxGuests=2)
    for guest in (bruno, chloe):
        assert caller(guest).post(f"{PATH}/{made['id']}/join", {}).status == 200
    fewer = caller(amira).send("PATCH", f"{PATH}/{made['id']}", data={"maxGuests": 1})
    assert code(fewer) == (409, "seats_taken")
    assert caller(amira).send("PATCH", f"{PATH}/{made['id']}", data={"maxGuests": None}).json()["maxGuests"] is None


def test_the_audit_names_no_kid_after_the_friendship_and_guests_go_with_it(
    three: tuple[int, ...], caller: CallAs, run: Run
) -> None:
    amira, bruno, _ = three
    made = scheduled(caller(amira))
    caller(bruno).post(f"{PATH}/{made['id']}/join", {})
    participant = part(hosted(caller(amira)), bruno)["id"]
    shown = caller(amira).get(f"{PATH}/{made['id']}/audit/{participant}").json()["audit"]
    zoe = {"kidName": "Zoe", "age": 7, "favoriteActivity": "football", "overlapActivity": True}
    assert shown["kidHighlights"] == [zoe]
    assert (shown["directFriendship"], shown["distanceKm"]) == (True, 0.0)
    assert code(caller(bruno).get(f"{PATH}/{made['id']}/audit/{participant}")) == (403, "forbidden")
    run("friend.delete", {"friendId": bruno}, owner=amira)
    assert caller(amira).get(f"{PATH}/{made['id']}/audit/{participant}").status == 404
    assert [each["role"] for each in hosted(caller(amira))["participants"]] == ["host"]
    assert caller(bruno).get(PATH).json()["joined"] == []


def test_a_seat_is_given_once_to_many_at_the_same_moment(
    family: MakeFamily, befriend: Befriend, caller: CallAs, database_url: str
) -> None:
    amira = family("Amira")
    guests = [family(f"Guest {number}") for number in range(8)]
    for guest in guests:
        befriend(amira, guest)
    made = scheduled(caller(amira), invite=guests, maxGuests=3)
    gate = threading.Barrier(len(guests))
    seated: list[GuardianId] = []
    refused: list[str] = []

    def join(guest: GuardianId) -> None:
        database = connect_as(database_url, "api")
        with database.row_context(row_security.caller(str(guest))):
            gate.wait(30)
            try:
                with database.transaction() as own:
                    join_playdate(own, str(made["id"]), guest)
                seated.append(guest)
            except Conflict as refusal:
                refused.append(refusal.code)
        database.close()

    threads = [threading.Thread(target=join, args=(guest,)) for guest in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(seated), refused) == (3, ["full"] * 5)
    assert hosted(caller(amira))["metrics"]["approvedGuests"] == 3


def test_the_database_refuses_a_guest_without_a_seat(conn: Connection, three: tuple[int, ...], caller: CallAs) -> None:
    amira, *guests = three
    made = scheduled(caller(amira), invite=guests, maxGuests=1)
    seat = (
        "UPDATE playdate_participants SET status = 'approved', asked = NULL WHERE playdate_id = %s AND guardian_id = %s"
    )
    conn.execute(seat, (made["id"], guests[0]))
    with pytest.raises(CheckViolation, match="no seat left"):
        conn.execute(seat, (made["id"], guests[1]))
