"""Notices, reminders and calendar files of playdates, and the faults of their bodies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from orchestrator.store.connection import Connection
from orchestrator.testing import Ran
from playmate.domain import playdates as rules
from tests.support.gateway import Caller
from tests.support.playdates import PATH, body, decide, scheduled, start
from tests.support.search import columns_that_contain

Run = Callable[..., Ran]
CallAs = Callable[[int], Caller]


def notices(run: Run, conn: Connection, owner: int) -> dict[int, str]:
    """Run the newest announcement of `owner` and the notices that it makes; return the sentences by family."""
    query = "SELECT payload FROM agent_tasks WHERE type = 'playdate.announce' AND owner_id = %s"
    [row] = conn.execute(f"{query} ORDER BY id DESC LIMIT 1", (str(owner),)).fetchall()
    found = {}
    for child in run("playdate.announce", row["payload"], owner=owner).children:
        done = run("playdates.changed", child.payload, owner=int(child.owner_id))
        found[int(child.owner_id)] = done.result["message"]
    return found


def test_each_change_notifies_the_families_that_it_concerns(
    conn: Connection, three: tuple[int, ...], caller: CallAs, run: Run
) -> None:
    amira, bruno, chloe = three
    made = scheduled(caller(amira), invite=[bruno])
    path, title = f"{PATH}/{made['id']}", "Football in the park"
    assert notices(run, conn, amira) == {bruno: f"Amira invites you: {title}."}
    caller(bruno).post(f"{path}/join", {})
    assert notices(run, conn, bruno) == {amira: f"Bruno will come: {title}."}
    caller(chloe).post(f"{path}/join", {})
    assert notices(run, conn, chloe) == {amira: f"Chloe would like to join: {title}.", bruno: ""}
    decide(caller(amira), made, chloe, "rejected")
    assert notices(run, conn, amira) == {chloe: f"Amira cannot host you this time: {title}.", bruno: ""}
    later = body(3)
    caller(amira).send("PATCH", path, data={"startTime": later["startTime"], "endTime": later["endTime"]})
    moved = f"Amira has set a new time: {title}. Please say whether you can come."
    assert notices(run, conn, amira) == {bruno: moved}
    caller(amira).send("PATCH", path, data={"status": "cancelled"})
    assert notices(run, conn, amira) == {bruno: f"Amira has cancelled: {title}."}


def test_everybody_is_reminded_on_the_evening_before_and_once(three: tuple[int, ...], caller: CallAs, run: Run) -> None:
    amira, bruno, chloe = three
    made = scheduled(caller(amira), invite=[bruno, chloe])
    caller(bruno).post(f"{PATH}/{made['id']}/join", {})
    evening = rules.evening_before(start(), ZoneInfo("Europe/Paris"))
    payload = {"playdateId": made["id"], "version": 1}
    early = run("playdate.arrange", payload, owner=amira, now=evening - timedelta(minutes=1))
    assert (early.status, early.task.attempts) == ("pending", 0), "it sleeps, and spends no attempt"
    done = run("playdate.arrange", payload, owner=amira, now=evening)
    assert (done.status, done.result["reminded"]) == ("completed", 2)
    assert {int(child.owner_id) for child in done.children} == {amira, bruno}, "Chloe has not agreed"
    shown = run("playdates.changed", done.children[0].payload, owner=int(done.children[0].owner_id)).result
    assert shown["message"] == "Soon: Football in the park, Parc Montsouris."
    assert "idea" not in shown


def test_no_reminder_of_an_earlier_time_or_a_cancelled_playdate(
    three: tuple[int, ...], caller: CallAs, run: Run
) -> None:
    amira = three[0]
    made = scheduled(caller(amira))
    later = body(26)
    path, payload = f"{PATH}/{made['id']}", {"playdateId": made["id"], "version": 1}
    caller(amira).send("PATCH", path, data={"startTime": later["startTime"], "endTime": later["endTime"]})
    done = run("playdate.arrange", payload, owner=amira, now=start())
    assert (done.result["reminded"], done.result["message"]) == (0, "The playdate has a new time.")
    caller(amira).send("PATCH", path, data={"status": "cancelled"})
    done = run("playdate.arrange", {**payload, "version": 2}, owner=amira, now=start())
    assert done.result["message"] == "The playdate is cancelled."


def test_an_indoor_idea_in_case_it_rains_when_the_flag_is_on(three: tuple[int, ...], caller: CallAs, run: Run) -> None:
    amira = three[0]
    outside = scheduled(caller(amira))
    inside = scheduled(caller(amira), 4, activity="chess")
    ideas = []
    for playdate in (outside, inside):
        payload = {"playdateId": playdate["id"], "version": 1}
        done = run("playdate.arrange", payload, owner=amira, now=start(), flags={"rainy_day_ideas": True})
        ideas.append(done.children[0].payload.get("idea") if done.children else None)
    assert ideas[0] is None, "the first one has begun"
    evening = rules.evening_before(start(), ZoneInfo("Europe/Paris"))
    payload = {"playdateId": outside["id"], "version": 1}
    done = run("playdate.arrange", payload, owner=amira, now=evening, flags={"rainy_day_ideas": True})
    assert str(done.children[0].payload["idea"]).startswith("If it rains: ")
    assert ideas[1] is None, "chess needs no roof"


def test_the_calendar_file_is_one_event_that_a_calendar_reads(three: tuple[int, ...], caller: CallAs) -> None:
    amira, bruno, _ = three
    made = scheduled(caller(amira), title="Fußball; mit Ümläuten, und mehr", description="Line one\nLine two")
    answer = caller(bruno).get(f"{PATH}/{made['id']}.ics")
    assert answer.status == 200
    [event] = Calendar.from_ical(answer.text).walk("VEVENT")
    assert str(event["SUMMARY"]) == made["title"]
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (start(), start() + timedelta(hours=2))
    assert str(event["DESCRIPTION"]) == "Line one\nLine two"
    assert answer.text.isascii() or all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": " ", "locationName": "x" * 121, "activity": None}, {"title", "locationName", "activity"}),
        (
            {"startTime": "tomorrow", "endTime": "2026-01-01T10:00:00", "maxGuests": 0},
            {"startTime", "endTime", "maxGuests"},
        ),
        ({"description": "x" * 2001, "invite": ["a"], "hostId": 3}, {"description", "invite.0", "hostId"}),
    ],
)
def test_every_fault_is_named(
    three: tuple[int, ...], caller: CallAs, changes: dict[str, Any], fields: set[str]
) -> None:
    answer = caller(three[0]).post(PATH, body(**changes))
    assert answer.status == 400, answer.text
    assert {fault["field"] for fault in answer.json()["faults"]} == fields


def test_an_erased_family_leaves_no_playdate_and_no_notice(
    conn: Connection, three: tuple[int, ...], caller: CallAs, run: Run
) -> None:
    amira, bruno, _ = three
    scheduled(caller(amira), invite=[bruno], title="Xanthippe's party")
    notices(run, conn, amira)
    assert run("account.forget", {}, owner=amira).status == "completed"
    assert columns_that_contain(conn, "Xanthippe") == []
    assert caller(bruno).get(PATH).json() == {"hosted": [], "joined": []}
