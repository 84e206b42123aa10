"""Lists without pages have bounded numbers of entries: one more is refused with a code and a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.store import friends
from playmate.store.accounts import GuardianId
from tests.integration.playmate.conftest import MakeFamily
from tests.support.gateway import Answer, Caller
from tests.support.playdates import PATH, body, decide, scheduled

Run = Callable[..., Ran]
Befriend = Callable[..., None]
CallAs = Callable[[int], Caller]

#: Bytes of an answer that Lambda carries.
LAMBDA_LIMIT = 6_291_556
#: A character of four bytes, which JSON escapes to twelve.
WIDE = "\U0001f600"


@pytest.fixture
def most_links(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("playmate.domain.friendship.MOST_LINKS", 2)
    return 2


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def reason(refused: Ran) -> tuple[str, str, str]:
    return refused.status, refused.error["code"], refused.error["message"]


TOO_MANY = (
    "failed",
    "too_many_friends",
    "You have 2 friends and open requests, which is the most. End a friendship or take back a request first.",
)


def test_a_guardian_has_a_bounded_number_of_requests(
    conn: Connection, family: MakeFamily, run: Run, most_links: int
) -> None:
    amira, bruno, *_ = [family(name) for name in ("Amira", "Bruno", "Chloe", "Dario")]
    for name in ("Bruno", "Chloe"):
        assert run("friend.ask", {"friendName": name}, owner=amira).status == "completed"
    assert reason(run("friend.ask", {"friendName": "Dario"}, owner=amira)) == TOO_MANY
    assert names(friends.pending(conn, amira)) == ["Bruno", "Chloe"]
    run("friend.delete", {"friendId": bruno}, owner=amira)
    assert run("friend.ask", {"friendName": "Dario"}, owner=amira).status == "completed"


def test_a_guardian_accepts_a_bounded_number_of_friends(
    conn: Connection, family: MakeFamily, run: Run, befriend: Befriend, most_links: int
) -> None:
    amira, bruno, chloe, dario = [family(name) for name in ("Amira", "Bruno", "Chloe", "Dario")]
    befriend(bruno, amira)
    befriend(amira, chloe)
    friends.ask(conn, dario, amira)
    assert reason(run("friend.setState", {"friendId": dario, "state": 1}, owner=amira)) == TOO_MANY
    assert names(friends.confirmed(conn, amira)) == ["Bruno", "Chloe"]
    assert run("friend.setState", {"friendId": dario, "state": 2}, owner=amira).status == "completed"


def test_a_guardian_has_a_bounded_number_of_unanswered_requests(
    conn: Connection, family: MakeFamily, run: Run, most_links: int
) -> None:
    amira, bruno, chloe, _ = [family(name) for name in ("Amira", "Bruno", "Chloe", "Dario")]
    friends.ask(conn, bruno, amira)
    friends.ask(conn, chloe, amira)
    dario = conn.execute("SELECT id FROM guardians WHERE name = 'Dario'").fetchall()[0]["id"]
    full = ("failed", "too_many_requests", "Amira has 2 unanswered requests, which is the most. Ask again later.")
    assert reason(run("friend.ask", {"friendName": "Amira"}, owner=dario)) == full
    assert names(friends.asking(conn, amira)) == ["Bruno", "Chloe"]
    # Those who asked get the usual answers.
    assert run("friend.ask", {"friendName": "Amira"}, owner=bruno).error["code"] == "asked_already"
    assert "asked you already" in run("friend.ask", {"friendName": "Bruno"}, owner=amira).result["message"]
    run("friend.setState", {"friendId": bruno, "state": 1}, owner=amira)
    assert run("friend.ask", {"friendName": "Amira"}, owner=dario).status == "completed"


def test_the_limit_of_requests_does_not_show_a_refusal(
    conn: Connection, family: MakeFamily, run: Run, most_links: int
) -> None:
    """Bruno withdrew a refused request, Chloe an open one: both get the same answer from a family with full lists."""
    amira, bruno, chloe, dario, erik = [family(name) for name in ("Amira", "Bruno", "Chloe", "Dario", "Erik")]
    for asker in (bruno, chloe):
        friends.ask(conn, asker, amira)
    run("friend.setState", {"friendId": bruno, "state": 2}, owner=amira)
    for asker in (bruno, chloe):
        run("friend.delete", {"friendId": amira}, owner=asker)
    for asker in (dario, erik):
        friends.ask(conn, asker, amira)
    answers = [reason(run("friend.ask", {"friendName": "Amira"}, owner=asker)) for asker in (bruno, chloe)]
    assert answers[0] == answers[1]
    assert answers[0][1] == "too_many_requests"


def test_one_more_kid_is_refused_with_a_reason(
    family: MakeFamily, caller: CallAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playmate.store.kids.MOST_KIDS", 1)
    amira = caller(family("Amira", [("Lina", 6, "football")]))
    refused = amira.post("/api/kids", {"name": "Noe", "age": 5, "favoriteActivity": "chess"})
    assert (refused.status, refused.json()["code"]) == (409, "too_many_kids")
    assert refused.json()["message"] == "An account has 1 kids at most."
    assert names(amira.get("/api/kids/mykids").json()) == ["Lina"]


def test_one_more_playdate_is_refused_and_is_not_written(
    conn: Connection, three: tuple[GuardianId, ...], caller: CallAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playmate.domain.playdates.MOST_HOSTED", 2)
    amira = caller(three[0])
    made = [scheduled(amira, hours=3 * at) for at in range(2)]
    refused = amira.post(PATH, body(9))
    assert (refused.status, refused.json()["code"]) == (409, "too_many_playdates")
    assert [each["id"] for each in amira.get(PATH).json()["hosted"]] == [each["id"] for each in made]
    conn.execute(
        "UPDATE playdates SET starts_at = starts_at - interval '40 days', ends_at = ends_at - interval '40 days'"
    )
    assert amira.post(PATH, body(9)).status == 201


def test_a_playdate_has_a_bounded_number_of_guests(
    three: tuple[GuardianId, ...], caller: CallAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playmate.domain.playdates.MOST_GUESTS", 1)
    amira, bruno, chloe = three
    host = caller(amira)
    made = scheduled(host)
    join = f"{PATH}/{made['id']}/join"
    assert caller(bruno).post(join, {}).status == 200

    def full(answer: Answer) -> bool:
        return (answer.status, answer.json()["code"]) == (409, "too_many_guests")

    assert full(caller(chloe).post(join, {}))
    assert full(host.send("PATCH", f"{PATH}/{made['id']}", data={"invite": [chloe]}))
    assert decide(host, made, bruno, "approved").status == 200, "a guest who is counted already"
    assert decide(host, made, bruno, "rejected").status == 200
    assert caller(chloe).post(join, {}).status == 200
    assert full(decide(host, made, bruno, "pending"))


PLAYDATES = """
WITH made AS (
    INSERT INTO playdates (host_id, title, activity, location_name, description, notes, starts_at, ends_at)
    SELECT %(host)s, repeat(%(wide)s, 120), repeat(%(wide)s, 60), repeat(%(wide)s, 120), repeat(%(wide)s, 2000),
           repeat(%(wide)s, 2000), now() + make_interval(hours => n), now() + make_interval(hours => n + 1)
    FROM generate_series(%(first)s, %(first)s + 199) AS n RETURNING id
)
INSERT INTO playdate_participants (playdate_id, guardian_id, role, status)
SELECT id, %(host)s, 'host', 'approved' FROM made UNION ALL SELECT id, %(guest)s, 'guest', 'approved' FROM made
"""


def sent(answer: Answer) -> int:
    """Return the bytes that Lambda sends for an answer: its body is escaped as a JSON string."""
    return len(json.dumps({"statusCode": 200, "body": json.dumps(answer.json(), separators=(",", ":"))}))


def test_no_friend_breaks_the_list_of_playdates(
    conn: Connection, three: tuple[GuardianId, ...], caller: CallAs
) -> None:
    """Rows as an earlier version could write them: 200 of an own family and 200 of a friend, with the longest texts."""
    amira, bruno, _ = three
    conn.execute(PLAYDATES, {"host": amira, "guest": bruno, "wide": WIDE, "first": 1})
    # Playdates of the last weeks do not take the room of those to come.
    conn.execute(PLAYDATES, {"host": bruno, "guest": amira, "wide": WIDE, "first": -250})
    conn.execute(PLAYDATES, {"host": bruno, "guest": amira, "wide": WIDE, "first": 500})
    answer = caller(amira).get(PATH)
    assert (answer.status, sent(answer) < LAMBDA_LIMIT) == (200, True)
    shown = answer.json()
    starts = [
        [each["startTime"] for each in shown["hosted"]],
        [each["playdate"]["startTime"] for each in shown["joined"]],
    ]
    assert starts == [sorted(each) for each in starts]
    first = conn.execute(
        "SELECT min(id) AS id FROM playdates WHERE host_id = %s AND starts_at > now()", (bruno,)
    ).fetchall()
    assert shown["joined"][0]["playdateId"] == first[0]["id"]
    assert sent(caller(bruno).get(f"{PATH}/host/{amira}")) < LAMBDA_LIMIT


FRIENDS = """
WITH made AS (
    INSERT INTO guardians (name) SELECT repeat(%(wide)s, 70) || n FROM generate_series(1, 500) AS n RETURNING id
), linked AS (
    INSERT INTO friend_links (asker_id, receiver_id, state, answered_at) SELECT %(me)s, id, 1, now() FROM made
)
INSERT INTO kids (guardian_id, name, age, favorite_activity)
SELECT id, repeat(%(wide)s, 80), 6, repeat(%(wide)s, 50) || id || '-' || n FROM made, generate_series(1, 20) AS n
"""
RECOMMENDED = """
UPDATE friend_recommendations SET made_changes = changes, made_at = now(),
       result = jsonb_build_object('friendName', repeat('f', 1000), 'recommendations', (
           SELECT jsonb_agg(jsonb_build_object('kidName', repeat('k', 700), 'startsAt', now() + interval '1 day'))
           FROM generate_series(1, 20)))
WHERE guardian_id = %s
"""


def test_the_most_friends_with_the_most_kids_break_no_list(
    conn: Connection, family: MakeFamily, caller: CallAs
) -> None:
    amira = family("Amira", [("Lina", 6, "football")])
    conn.execute(FRIENDS, {"me": amira, "wide": WIDE})
    conn.execute(RECOMMENDED, (amira,))
    paths = ("/api/playdate-point/recommendations", "/api/recommendations/leaderboard", "/api/friends/confirmed")
    for path in paths:
        answer = caller(amira).get(path)
        assert (path, answer.status, sent(answer) < LAMBDA_LIMIT) == (path, 200, True)
    shown = caller(amira).get(paths[0]).json()
    assert all(shown[part] for part in ("leaderboard", "friendRecommendations", "playmates"))
