"""Recommendations and the week plan on families with known answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.domain.weekly import Window
from playmate.store import kids
from tests.integration.playmate.conftest import LONGYEARBYEN, PARIS, SYDNEY, MakeFamily

Run = Callable[..., Ran]
Befriend = Callable[..., None]

#: Monday, 7 September 2026, in the morning in Europe.
MONDAY = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)


def hour(h: float) -> int:
    return int(h * 60)


def instants(found: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(found["startsAt"]), datetime.fromisoformat(found["endsAt"])


def test_both_guardians_get_the_same_pairs_and_times(family: MakeFamily, befriend: Befriend, run: Run) -> None:
    amira = family("Amira", [("Lina", 6, "football"), ("Sami", 9, "chess")])
    bruno = family("Bruno", [("Zoe", 7, "Football"), ("Hugo", 9, "chess"), ("Tim", 1, "sand")])
    befriend(amira, bruno)
    hers = run("friend.recommendations", {"friendId": bruno}, owner=amira, now=MONDAY).result
    his = run("friend.recommendations", {"friendId": amira}, owner=bruno, now=MONDAY).result
    assert [(r["kidName"], r["matchName"], r["compatibilityScore"]) for r in hers["recommendations"]] == [
        ("Sami", "Hugo", 20),
        ("Lina", "Zoe", 19),
        ("Lina", "Tim", 5),
    ]
    times = {(r["kidName"], r["matchName"]): (r["startsAt"], r["endsAt"]) for r in hers["recommendations"]}
    assert times == {(r["matchName"], r["kidName"]): (r["startsAt"], r["endsAt"]) for r in his["recommendations"]}
    assert (hers["friendName"], hers["friendLatitude"]) == ("Bruno", PARIS.latitude)
    assert all(r["reason"].endswith(".") for r in hers["recommendations"])


def test_the_overlap_of_two_zones_is_found(family: MakeFamily, befriend: Befriend, run: Run) -> None:
    paris = family("Amira", [("Lina", 9, "chess")], zone="Europe/Paris", windows=[Window(3, hour(16), hour(20))])
    new_york = family(
        "Bruno",
        [("Zoe", 4, "chess")],
        point=None,  # families this far apart are beyond each other's reach
        zone="America/New_York",
        windows=[Window(3, hour(12), hour(14))],
    )
    befriend(paris, new_york)
    found = run("friend.recommendations", {"friendId": new_york}, owner=paris, now=MONDAY).result["recommendations"][0]
    start, end = instants(found)
    # Noon to two in New York is six to eight in the evening in Paris.
    assert start.isoformat() == "2026-09-09T18:00:00+02:00"
    assert (end - start).total_seconds() == 90 * 60
    assert "12:00 - 13:30 on their clock" in found["reason"]
    assert found["suggestedSlot"] == "Wednesday 9 September, 18:00 - 19:30"


def test_no_overlap_says_so(family: MakeFamily, befriend: Befriend, run: Run) -> None:
    amira = family("Amira", [("Lina", 6, "chess")], windows=[Window(6, hour(9), hour(11))])
    bruno = family("Bruno", [("Zoe", 6, "chess")], windows=[Window(7, hour(9), hour(11))])
    befriend(amira, bruno)
    found = run("friend.recommendations", {"friendId": bruno}, owner=amira, now=MONDAY).result["recommendations"][0]
    assert found["suggestedSlot"] == "No common time in the next two weeks"
    assert found["startsAt"] is None
    plan = run(
        "location.playdate.update", {"latitude": PARIS.latitude, "longitude": PARIS.longitude}, owner=amira, now=MONDAY
    ).result["availabilityPlan"]
    assert plan["suggestions"][0]["suggestedDay"] == "Saturday"
    assert "No time in common with Bruno" in plan["suggestions"][0]["reason"]
    assert plan["suggestions"][0]["noTimeWith"] == {"friendId": bruno, "friendName": "Bruno"}


def test_school_hours_but_not_on_a_public_holiday(family: MakeFamily, befriend: Befriend, run: Run) -> None:
    """11 November 2026, a Wednesday, is a holiday in France; the other Wednesdays are school days."""
    windows = [Window(3, hour(10), hour(12))]
    amira = family("Amira", [("Lina", 8, "chess")], windows=windows)
    bruno = family("Bruno", [("Zoe", 8, "chess")], windows=windows)
    befriend(amira, bruno)
    before = datetime(2026, 10, 29, 8, 0, tzinfo=UTC)
    found = run("friend.recommendations", {"friendId": bruno}, owner=amira, now=before).result["recommendations"][0]
    assert found["startsAt"] == "2026-11-11T10:00:00+01:00"
    assert "public holiday" in found["reason"]


def test_football_ends_before_dark_and_moves_indoors_in_the_polar_night(family: MakeFamily, run: Run) -> None:
    december = datetime(2026, 12, 7, 8, 0, tzinfo=UTC)
    weekdays = [Window(day, hour(14), hour(19)) for day in range(1, 8)]
    paris = family("Amira", [("Lina", 4, "football")], windows=weekdays)
    plan = run("location.playdate.update", {"latitude": 48.85, "longitude": 2.35}, owner=paris, now=december).result[
        "availabilityPlan"
    ]["suggestions"][0]
    _, end = instants(plan)
    assert (end.hour, end.minute) <= (16, 54)
    assert "light until 16:5" in plan["reason"]
    north = family("Nora", [("Ola", 4, "football")], point=LONGYEARBYEN, zone="Arctic/Longyearbyen", windows=weekdays)
    dark = run(
        "location.playdate.update", {"latitude": 78.22334, "longitude": 15.64689}, owner=north, now=december
    ).result
    suggestion = dark["availabilityPlan"]["suggestions"][0]
    assert "no daylight" in suggestion["reason"]
    assert "indoors" in suggestion["activityHint"]
    assert dark["localInsight"]["facts"]["daylightHours"] == 0
    assert any("Polar night" in action["label"] for action in dark["localInsight"]["actions"])


def test_a_polar_summer_evening_is_light(family: MakeFamily, run: Run) -> None:
    june = datetime(2026, 6, 8, 8, 0, tzinfo=UTC)
    windows = [Window(6, hour(20), hour(22))]
    north = family("Nora", [("Ola", 12, "football")], zone="Arctic/Longyearbyen", windows=windows)
    plan = run("location.playdate.update", {"latitude": 78.22, "longitude": 15.65}, owner=north, now=june).result
    suggestion = plan["availabilityPlan"]["suggestions"][0]
    assert suggestion["suggestedSlot"] == "20:00 - 22:00"
    assert plan["localInsight"]["headline"].endswith("the sun does not set today")


def test_the_night_the_clocks_go_back(family: MakeFamily, run: Run) -> None:
    """On 25 October 2026 the hour from two to three comes twice in Paris."""
    windows = [Window(7, hour(1.5), hour(3.5))]
    night = family("Amira", [("Lina", 16, "reading")], windows=windows)
    before = datetime(2026, 10, 24, 8, 0, tzinfo=UTC)
    plan = run("location.playdate.update", {"latitude": 48.85, "longitude": 2.35}, owner=night, now=before).result
    start, end = instants(plan["availabilityPlan"]["suggestions"][0])
    assert (end - start).total_seconds() == 2 * 3600
    assert (start.utcoffset(), end.utcoffset()) != (end.utcoffset(), start.utcoffset())


def test_a_promised_time_is_not_promised_to_a_third_family(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run
) -> None:
    saturday = [Window(6, hour(14), hour(17))]
    amira = family("Amira", [("Lina", 9, "chess")], windows=saturday)
    bruno = family("Bruno", [("Zoe", 9, "chess")], windows=saturday)
    chloe = family("Chloe", [("Emma", 9, "chess")], windows=saturday)
    befriend(amira, bruno)
    befriend(amira, chloe)
    with_bruno = run("friend.recommendations", {"friendId": bruno}, owner=amira, now=MONDAY).result["recommendations"]
    with_chloe = run("friend.recommendations", {"friendId": chloe}, owner=amira, now=MONDAY).result["recommendations"]
    assert with_bruno[0]["startsAt"] == "2026-09-12T14:00:00+02:00"
    assert with_chloe[0]["startsAt"] == "2026-09-19T14:00:00+02:00"
    again = run("friend.recommendations", {"friendId": bruno}, owner=amira, now=MONDAY).result["recommendations"]
    assert again[0]["startsAt"] == with_bruno[0]["startsAt"]
    assert len(conn.execute("SELECT FROM playdate_proposals").fetchall()) == 2


def test_strangers_get_nothing(conn: Connection, family: MakeFamily, run: Run) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno", [("Zoe", 6, "chess")])
    done = run("friend.recommendations", {"friendId": bruno}, owner=amira)
    assert (done.status, done.error["code"]) == ("failed", "not_friends")
    run("friend.ask", {"friendName": "Bruno"}, owner=amira)
    assert "Zoe" not in str(run("friend.recommendations", {"friendId": bruno}, owner=amira).result)
    assert kids.of_friends(conn, amira) == []


def test_a_friend_without_kids_or_point(family: MakeFamily, befriend: Befriend, run: Run) -> None:
    amira, bruno = family("Amira", [("Lina", 6, "chess")]), family("Bruno", point=None)
    befriend(amira, bruno)
    done = run("friend.recommendations", {"friendId": bruno}, owner=amira).result
    assert done["recommendations"] == []
    assert done["friendLatitude"] is None
    assert done["message"] == "Bruno has not added any kids."


def test_flags_drop_the_enrichments(family: MakeFamily, run: Run) -> None:
    amira = family("Amira", [("Lina", 6, "chess")])
    off = {"availability_agent": False, "local_insight_agent": False}
    done = run("location.playdate.update", {"latitude": 95, "longitude": 190}, owner=amira, flags=off).result
    assert done == {
        "message": "Your playdate point is saved.",
        "coordinates": {"playdate_latit": 90.0, "playdate_longi": -170.0},
    }


def test_southern_seasons(family: MakeFamily, run: Run) -> None:
    sydney = family("Amira", [("Lina", 6, "swimming")], point=SYDNEY)
    done = run(
        "location.playdate.update",
        {"latitude": SYDNEY.latitude, "longitude": SYDNEY.longitude},
        owner=sydney,
        now=datetime(2026, 12, 20, 0, 0, tzinfo=UTC),
    ).result
    assert done["localInsight"]["facts"]["season"] == "summer"
    assert done["localInsight"]["facts"]["country"] == "AU"
    assert "Christmas Day" in done["localInsight"]["summary"]


def test_both_tasks_at_the_same_moment_agree(
    conn: Connection, family: MakeFamily, befriend: Befriend, run: Run
) -> None:
    amira = family("Amira", [("Lina", 6, "football"), ("Sami", 9, "chess")])
    bruno = family("Bruno", [("Zoe", 7, "tennis"), ("Hugo", 9, "chess")])
    befriend(amira, bruno)
    with ThreadPoolExecutor(2) as both:
        hers = both.submit(run, "friend.recommendations", {"friendId": bruno}, owner=amira, now=MONDAY)
        his = both.submit(run, "friend.recommendations", {"friendId": amira}, owner=bruno, now=MONDAY)
    one, other = hers.result().result["recommendations"], his.result().result["recommendations"]
    assert len(one) == 2
    assert {(r["kidName"], r["matchName"], r["startsAt"]) for r in one} == {
        (r["matchName"], r["kidName"], r["startsAt"]) for r in other
    }
    assert len(conn.execute("SELECT FROM playdate_proposals").fetchall()) == 2


def test_large_families_are_planned_in_good_time(family: MakeFamily, befriend: Befriend, run: Run) -> None:
    many = [(f"Kid {n}", n % 17, "football" if n % 2 else "chess") for n in range(20)]
    amira, bruno = family("Amira", many), family("Bruno", many)
    befriend(amira, bruno)
    started = perf_counter()
    done = run("friend.recommendations", {"friendId": bruno}, owner=amira)
    assert len(done.result["recommendations"]) == 20
    assert perf_counter() - started < 10
