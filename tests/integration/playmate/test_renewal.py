"""Recommendations contain nothing of the other family before acceptance, and stay true after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.agents.recommendations_renew import LONGEST_DELAY, QUIET
from playmate.domain.coordinates import Point
from playmate.store import kids, points, recommendations
from tests.integration.playmate.conftest import PARIS, MakeFamily
from tests.support.gateway import Caller

Run = Callable[..., Ran]
Befriend = Callable[..., None]

PATH = "/api/playdate-point/recommendations"
#: A little east of the point of all families here.
NEAR = Point(48.86, 2.37)


def later(seconds: float = 10) -> datetime:
    """A moment after the quiet time of a change that has just happened."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def shown(caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.get(PATH).json()["friendRecommendations"]
    return found


def renewals(conn: Connection, owner: int) -> int:
    query = "SELECT FROM agent_tasks WHERE type = 'recommendations.renew' AND owner_id = %s"
    return conn.execute(query, (str(owner),)).rowcount


def passed_families(conn: Connection, run: Run, moment: datetime) -> dict[str, int]:
    """Run the system's task at a moment; return the number of unfinished renewals by family."""
    assert run("recommendations.renewPassed", {}, owner="system", now=moment).status == "completed"
    return unfinished_renewals(conn)


def unfinished_renewals(conn: Connection) -> dict[str, int]:
    query = """
        SELECT owner_id, count(*) AS n FROM agent_tasks
        WHERE type = 'recommendations.renew' AND finished_at IS NULL GROUP BY owner_id
    """
    return {row["owner_id"]: row["n"] for row in conn.execute(query).fetchall()}


def renew(run: Run, owner: int, at: datetime | None = None) -> set[tuple[str, int]]:
    """Run the family's renewal and what it asks for; return the pairs (owner, friend)."""
    moment = at or later()
    done = run("recommendations.renew", {}, owner=owner, now=moment)
    assert done.status == "completed", done.error
    pairs = {(child.owner_id, child.payload["friendId"]) for child in done.children if "friendId" in child.payload}
    for one, friend in pairs:
        assert run("friend.recommendations", {"friendId": friend}, owner=int(one), now=moment).status == "completed"
    return pairs


def test_a_request_recommends_to_both_and_names_nothing_of_the_other_family(
    family: MakeFamily, run: Run, caller: Callable[[int], Caller]
) -> None:
    amira = family("Amira", [("Lina", 6, "football")], point=PARIS)
    bruno = family("Bruno", [("Xanthippe", 7, "falconry")], point=NEAR)
    asked = run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    spawned = {(child.owner_id, child.type) for child in asked.children}
    assert {(str(amira), "friend.recommendations"), (str(bruno), "friend.recommendations")} <= spawned
    hers = run("friend.recommendations", {"friendId": bruno}, owner=amira).result
    his = run("friend.recommendations", {"friendId": amira}, owner=bruno).result
    assert (hers["headline"], hers["ownActivities"]) == ("You asked Bruno", ["football"])
    assert (his["headline"], his["ownActivities"]) == ("Amira would like to be your friend", ["falconry"])
    assert len(hers["ownFreeTimes"]) == len(his["ownFreeTimes"]) == 7
    for result, secrets in ((hers, ("Xanthippe", "falconry", "2.37")), (his, ("Lina", "football", "2.352"))):
        assert result["recommendations"] == []
        assert result["friendLatitude"] is result["friendLongitude"] is None
        assert not [secret for secret in secrets if secret in str(result)]
    assert [item["result"]["headline"] for item in caller(bruno).get("/api/tasks/inbox").json()["items"]] == [
        "Amira would like to be your friend"
    ]
    assert shown(caller(amira)) == [], "friends without any recommendation are left out"


def test_the_asker_does_not_notice_the_changes_of_the_asked_family(
    conn: Connection, family: MakeFamily, run: Run, caller: Callable[[int], Caller]
) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    for owner, friend in ((amira, bruno), (bruno, amira)):
        run("friend.recommendations", {"friendId": friend}, owner=owner)
    before = caller(amira).get("/api/tasks/inbox").json()
    kids.add(conn, bruno, name="Zoe", age=6, favorite_activity="chess")
    points.set_point(conn, bruno, NEAR)
    assert renew(run, bruno) == {(str(bruno), amira)}
    run("friend.setState", {"friendId": amira, "state": 2}, owner=bruno)
    assert caller(amira).get("/api/tasks/inbox").json() == before
    assert caller(bruno).get("/api/tasks/inbox").json()["items"] == []


def test_acceptance_completes_them(family: MakeFamily, run: Run, caller: Callable[[int], Caller]) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno", [("Zoe", 7, "chess")])
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    run("friend.recommendations", {"friendId": bruno}, owner=amira)
    run("friend.setState", {"friendId": amira, "state": 1}, owner=bruno)
    run("friend.recommendations", {"friendId": bruno}, owner=amira)
    [one] = shown(caller(amira))
    assert [(pair["kidName"], pair["matchName"]) for pair in one["recommendations"]] == [("Lina", "Zoe")]
    assert len(caller(amira).get("/api/tasks/inbox").json()["items"]) == 1, "one for each friend"


def test_a_moved_friend_is_shown_at_the_new_point_at_once(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run, caller: Callable[[int], Caller]
) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno", [("Zoe", 7, "chess")])
    befriend(amira, bruno)
    renew(run, amira)
    assert shown(caller(amira))[0]["friendLongitude"] == PARIS.longitude
    moved = run("location.playdate.update", {"latitude": NEAR.latitude, "longitude": NEAR.longitude}, owner=bruno)
    assert moved.status == "completed"
    assert renewals(conn, bruno) == 1
    assert shown(caller(amira))[0]["friendLongitude"] == NEAR.longitude
    assert renew(run, bruno) == {(str(amira), bruno), (str(bruno), amira)}
    task = conn.execute("SELECT result FROM friend_recommendations WHERE guardian_id = %s", (amira,)).fetchone()
    assert task is not None
    assert task["result"]["friendLongitude"] == NEAR.longitude
    points.set_point(conn, bruno, Point(40.4, -3.7))
    assert shown(caller(amira)) == [], "beyond the family's reach, before any renewal"


def test_a_new_kid_and_new_hours_appear_and_a_removed_kid_is_gone_at_once(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run, caller: Callable[[int], Caller]
) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno", [("Zoe", 7, "chess")])
    befriend(amira, bruno)
    renew(run, amira)
    me = caller(bruno)
    kid = me.post("/api/kids", {"name": "Hugo", "age": 6, "favoriteActivity": "chess"}).json()
    assert renewals(conn, bruno) == 1, "the route asked"
    assert renew(run, bruno) == {(str(amira), bruno), (str(bruno), amira)}
    names = {pair["matchName"] for pair in shown(caller(amira))[0]["recommendations"]}
    assert names == {"Zoe", "Hugo"}
    assert me.send("DELETE", f"/api/kids/{kid['id']}").status == 200
    assert {pair["matchName"] for pair in shown(caller(amira))[0]["recommendations"]} == {"Zoe"}
    renew(run, bruno)
    week = {"timeZone": "Europe/Paris", "windows": [{"weekday": 7, "start": "10:00", "end": "12:00"}]}
    assert me.send("PUT", "/api/availability", data=week).status == 200
    renew(run, bruno)
    [pair] = shown(caller(amira))[0]["recommendations"]
    assert pair["suggestedSlot"].startswith("Sunday")


def test_a_past_time_is_never_shown_and_renewed_once(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run, caller: Callable[[int], Caller]
) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno", [("Zoe", 7, "chess")])
    befriend(amira, bruno)
    long_ago = datetime.now(UTC) - timedelta(days=30)
    assert run("friend.recommendations", {"friendId": bruno}, owner=amira, now=long_ago).status == "completed"
    before = renewals(conn, amira)
    for path in (PATH, "/api/tasks/inbox", PATH):
        starts = re.findall(r'"startsAt":"([^"]+)"', caller(amira).get(path).text)
        assert not [each for each in starts if datetime.fromisoformat(each) <= datetime.now(UTC)]
    [pair] = shown(caller(amira))[0]["recommendations"]
    assert (pair["suggestedSlot"], pair["startsAt"]) == ("We are looking for a new time", None)
    assert renewals(conn, amira) - before == 1, "the reads share one"
    assert renew(run, amira, later()) == {(str(amira), bruno), (str(bruno), amira)}
    [pair] = shown(caller(amira))[0]["recommendations"]
    assert datetime.fromisoformat(pair["startsAt"]) > datetime.now(UTC)


def test_a_change_while_recommendations_are_made_leaves_them_outdated(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run
) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno")
    befriend(amira, bruno)
    changes = recommendations.changes_of(conn, amira, bruno)
    assert changes is not None
    done = run("friend.recommendations", {"friendId": bruno}, owner=amira)
    assert not recommendations.about_friends(conn, amira)[0].outdated
    kids.add(conn, bruno, name="Zoe", age=6, favorite_activity="chess")
    recommendations.put_recommendations(conn, amira, bruno, done.task.id, changes, done.result)
    assert recommendations.about_friends(conn, amira)[0].outdated


def test_changes_in_quick_succession_are_one_renewal(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run, caller: Callable[[int], Caller]
) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno")
    befriend(amira, bruno)
    due = []
    for name in ("Zoe", "Hugo", "Tim"):
        kid = {"name": name, "age": 6, "favoriteActivity": "chess"}
        assert caller(bruno).post("/api/kids", kid).status == 201
        query = "SELECT due_at, created_at FROM agent_tasks WHERE type = 'recommendations.renew' AND owner_id = %s"
        [task] = conn.execute(query, (str(bruno),)).fetchall()
        due.append(task["due_at"])
    assert due == sorted(set(due)), "each change postpones it"
    assert timedelta(seconds=QUIET) <= due[-1] - task["created_at"] <= timedelta(seconds=LONGEST_DELAY)
    assert len(renew(run, bruno)) == 2
    assert renew(run, bruno) == set()


def test_a_passed_time_is_renewed_without_a_read(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run
) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno", [("Zoe", 7, "chess")])
    befriend(amira, bruno)
    renew(run, amira)
    assert passed_families(conn, run, later()) == {}, "all times are ahead"
    month = later(30 * 86_400)
    assert passed_families(conn, run, month) == {str(amira): 1}, "one of the two families asks for both"
    assert renew(run, amira, month) == {(str(amira), bruno), (str(bruno), amira)}
    assert passed_families(conn, run, month) == {}, "all times are ahead again"


def test_many_families_with_passed_times_are_renewed_in_parts(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playmate.agents.recommendations_renew_passed.MOST", 2)
    pairs = [(family(f"One {n}", [("Lina", 6, "chess")]), family(f"Two {n}", [("Zoe", 7, "chess")])) for n in range(3)]
    for one, two in pairs:
        befriend(one, two)
        renew(run, one)
    month = later(30 * 86_400)
    payload: dict[str, Any] | None = {}
    parts = []
    while payload is not None:
        done = run("recommendations.renewPassed", payload, owner="system", now=month)
        parts.append(done.result["asked"])
        payload = next((child.payload for child in done.children if "after" in child.payload), None)
    assert parts == [2, 1]
    assert passed_families(conn, run, month) == {str(one): 1 for one, _ in pairs}


def test_a_popular_family_is_renewed_in_parts_each_friend_once(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playmate.agents.recommendations_renew.MOST", 5)
    popular = family("Popular", [("Lina", 6, "chess")])
    friends = [family(f"Friend {number}") for number in range(6)]
    for friend in friends:
        befriend(popular, friend)
    found: list[tuple[str, int]] = []
    for _ in range(4):
        done = run("recommendations.renew", {}, owner=popular, now=later())
        part = [(each.owner_id, each.payload["friendId"]) for each in done.children if "friendId" in each.payload]
        assert len(part) <= 5
        assert unfinished_renewals(conn) == ({str(popular): 1} if len(part) == 5 else {})
        found += part
    expected = {(str(popular), friend) for friend in friends} | {(str(friend), popular) for friend in friends}
    assert (len(found), set(found)) == (12, expected)


def test_a_renewal_that_did_not_end_is_asked_for_again(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run
) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    befriend(amira, bruno)
    assert len(run("recommendations.renew", {}, owner=amira, now=later()).children) == 2
    assert run("recommendations.renew", {}, owner=amira, now=later(60)).children == ()
    assert len(run("recommendations.renew", {}, owner=amira, now=later(400)).children) == 2
