"""The plan is a resource: it has states, keeps to the family's reach, and never names a family that is no friend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestrator.http.app import Services
from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.domain.coordinates import Point
from playmate.domain.weekly import Window
from playmate.store import availability, kids
from playmate.store.accounts import GuardianId
from playmate.store.availability import Calendar
from tests.integration.conftest import signed_in
from tests.integration.playmate.conftest import LONDON, PARIS, MakeFamily
from tests.support.gateway import Caller

Run = Callable[..., Ran]
Befriend = Callable[..., None]
AsCaller = Callable[[int], Caller]

MADRID = Point(40.41678, -3.70379)
VERSAILLES = Point(48.80485, 2.12035)


@pytest.fixture
def caller(anyone: Caller, services: Services) -> AsCaller:
    return lambda guardian: signed_in(anyone, services, str(guardian))


def plan_of(caller: Caller) -> dict[str, Any]:
    answer = caller.get("/api/plan")
    assert answer.status == 200
    plan: dict[str, Any] = answer.json()
    return plan


def friends_in(plan: dict[str, Any]) -> set[str]:
    return {each["friendName"] for each in plan["suggestions"] if "friendName" in each}


def test_a_family_without_a_plan_has_none_and_can_plan(family: MakeFamily, run: Run, caller: AsCaller) -> None:
    amira = family("Amira", [("Lina", 7, "chess")])
    assert plan_of(caller(amira))["state"] == "none"
    assert run("plan.make", {}, owner=amira).status == "completed"
    plan = plan_of(caller(amira))
    assert (plan["state"], len(plan["suggestions"])) == ("ready", 1)
    assert plan["reachKm"] == 15


def test_planning_again_is_accepted_once_at_a_time(family: MakeFamily, caller: AsCaller) -> None:
    amira = caller(family("Amira", [("Lina", 7, "chess")]))
    accepted = amira.post("/api/plan")
    assert accepted.status == 202
    plan = plan_of(amira)
    assert (plan["state"], plan["taskId"]) == ("planning", accepted.json()["taskId"])
    assert amira.post("/api/plan").status == 409


def test_the_end_of_a_friendship_takes_out_that_family_alone(
    family: MakeFamily, befriend: Befriend, run: Run, caller: AsCaller
) -> None:
    amira = family("Amira", [("Lina", 7, "football"), ("Sami", 9, "chess")])
    bruno, diego = family("Bruno", [("Zoe", 7, "football")]), family("Diego", [("Lucia", 9, "chess")])
    befriend(amira, bruno)
    befriend(amira, diego)
    for owner in (amira, diego):
        run("plan.make", {}, owner=owner)
    assert friends_in(plan_of(caller(amira))) == {"Bruno", "Diego"}
    ended = run("friend.delete", {"friendId": amira}, owner=diego)
    assert ended.status == "completed"
    plan = plan_of(caller(amira))
    assert friends_in(plan) == {"Bruno"}
    assert plan["message"] is not None
    assert friends_in(plan_of(caller(diego))) == set()
    assert {(child.type, child.owner_id) for child in ended.children} == {
        ("friends.changed", str(amira)),
        ("plan.make", str(amira)),
        ("plan.make", str(diego)),
    }


def test_a_withdrawn_request_plans_nothing(family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    withdrawn = run("friend.delete", {"friendId": bruno}, owner=amira)
    assert withdrawn.status == "completed"
    assert [child.type for child in withdrawn.children] == ["friends.changed"]


@pytest.mark.parametrize(
    ("point", "reach", "near"), [(VERSAILLES, 15, False), (VERSAILLES, 25, True), (MADRID, 500, False)]
)
def test_no_suggestion_is_beyond_the_reach(
    family: MakeFamily, befriend: Befriend, run: Run, caller: AsCaller, point: Point, reach: int, near: bool
) -> None:
    amira = family("Amira", [("Lina", 7, "chess")], point=PARIS)
    diego = family("Diego", [("Lucia", 7, "chess")], point=point)
    befriend(amira, diego)
    assert caller(amira).send("PATCH", "/api/plan", data={"reachKm": reach}).status == 200
    run("plan.make", {}, owner=amira)
    plan = plan_of(caller(amira))
    assert friends_in(plan) == ({"Diego"} if near else set())
    assert [each["friendName"] for each in plan["tooFar"]] == ([] if near else ["Diego"])
    assert all(each["distanceKm"] <= reach for each in plan["suggestions"] if each.get("distanceKm") is not None)
    recommended = run("friend.recommendations", {"friendId": diego}, owner=amira).result
    assert bool(recommended["recommendations"]) is near
    assert ("km away" in recommended["headline"]) is not near


def test_suggestions_are_in_the_order_of_time(family: MakeFamily, run: Run, caller: AsCaller) -> None:
    amira = family("Amira", [("Lina", 5, "chess"), ("Sami", 8, "football"), ("Noe", 12, "swimming")])
    run("plan.make", {}, owner=amira)
    starts = [datetime.fromisoformat(each["startsAt"]) for each in plan_of(caller(amira))["suggestions"]]
    assert starts == sorted(starts)
    assert len(starts) == 3


def change_hours(conn: Connection, amira: GuardianId, bruno: GuardianId) -> None:
    availability.put_calendar(conn, amira, Calendar("Europe/Paris", (Window(6, 600, 720),)))


def change_friends_hours(conn: Connection, amira: GuardianId, bruno: GuardianId) -> None:
    availability.put_calendar(conn, bruno, Calendar("Europe/Paris", (Window(6, 600, 720),)))


def change_kids(conn: Connection, amira: GuardianId, bruno: GuardianId) -> None:
    kids.add(conn, amira, name="Noe", age=6, favorite_activity="chess")


def change_friends_kids(conn: Connection, amira: GuardianId, bruno: GuardianId) -> None:
    kids.add(conn, bruno, name="Hugo", age=6, favorite_activity="chess")


@pytest.mark.parametrize("change", [change_hours, change_friends_hours, change_kids, change_friends_kids])
def test_a_plan_is_stale_once_its_ground_has_changed(
    conn: Connection,
    family: MakeFamily,
    befriend: Befriend,
    run: Run,
    caller: AsCaller,
    change: Callable[[Connection, GuardianId, GuardianId], None],
) -> None:
    amira, bruno = family("Amira", [("Lina", 7, "chess")]), family("Bruno", [("Zoe", 7, "chess")])
    befriend(amira, bruno)
    run("plan.make", {}, owner=amira)
    assert plan_of(caller(amira))["state"] == "ready"
    change(conn, amira, bruno)
    assert plan_of(caller(amira))["state"] == "stale"
    run("plan.make", {}, owner=amira)
    assert plan_of(caller(amira))["state"] == "ready"


def test_strangers_change_no_plan(conn: Connection, family: MakeFamily, run: Run, caller: AsCaller) -> None:
    amira, chloe = family("Amira", [("Lina", 7, "chess")]), family("Chloe")
    run("plan.make", {}, owner=amira)
    change_hours(conn, chloe, amira)
    assert plan_of(caller(amira))["state"] == "ready"


def test_a_friends_kid_that_is_removed_is_in_no_plan(
    family: MakeFamily, befriend: Befriend, run: Run, caller: AsCaller
) -> None:
    amira, bruno = family("Amira", [("Lina", 7, "chess")]), family("Bruno", [("Zoe", 7, "chess")])
    befriend(amira, bruno)
    run("plan.make", {}, owner=amira)
    assert "Zoe" in str(plan_of(caller(amira)))
    zoe = caller(bruno).get("/api/kids/mykids").json()[0]["id"]
    assert caller(bruno).send("DELETE", f"/api/kids/{zoe}").status == 200
    plan = plan_of(caller(amira))
    assert "Zoe" not in str(plan)
    assert plan["state"] == "stale"


def test_times_that_have_passed_are_not_shown(conn: Connection, family: MakeFamily, run: Run, caller: AsCaller) -> None:
    amira = family("Amira", [("Lina", 7, "chess")])
    run("plan.make", {}, owner=amira)
    past = (datetime.now().astimezone() - timedelta(hours=1)).isoformat()
    conn.execute("UPDATE plans SET suggestions = jsonb_set(suggestions, '{0,startsAt}', to_jsonb(%s::text))", [past])
    plan = plan_of(caller(amira))
    assert (plan["suggestions"], plan["state"]) == ([], "stale")


def test_a_new_family_starts_in_the_zone_of_its_device(family: MakeFamily, run: Run, caller: AsCaller) -> None:
    amira = family("Amira", [("Lina", 7, "chess")], point=None)
    assert caller(amira).get("/api/availability").json()["timeZone"] == "Etc/UTC"
    assert caller(amira).send("PATCH", "/api/plan", data={"timeZone": "America/New_York"}).status == 200
    assert caller(amira).get("/api/availability").json()["timeZone"] == "America/New_York"
    run("plan.make", {}, owner=amira)
    assert plan_of(caller(amira))["suggestions"][0]["timeZone"] == "America/New_York"


def test_settings_are_checked(family: MakeFamily, caller: AsCaller) -> None:
    amira = caller(family("Amira", point=LONDON))
    assert amira.send("PATCH", "/api/plan", data={"reachKm": 0}).status == 400
    assert amira.send("PATCH", "/api/plan", data={"timeZone": "Mars/Olympus"}).status == 400
    assert amira.send("PATCH", "/api/plan", data={"reach": 5}).status == 400


def test_a_refusal_notifies_nobody(family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira"), family("Bruno")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    refused = run("friend.setState", {"friendId": amira, "state": 2}, owner=bruno)
    assert (refused.status, refused.children) == ("completed", ())
