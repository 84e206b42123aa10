"""Schedules over HTTP: only the caller's own; refusals name the fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.http.schemas.schedules import ScheduleView
from orchestrator.store.connection import Connection
from tests.support.gateway import Answer, Caller
from tests.support.shapes import validated

#: Bytes of an answer that Lambda carries.
LAMBDA_LIMIT = 6_291_556
DAILY = {"type": "echo", "payload": {"a": 1}, "cron": "0 7 * * *", "timeZone": "Europe/Paris"}


def create(caller: Caller, **more: Any) -> ScheduleView:
    answer = caller.post("/api/schedules", {**DAILY, **more})
    assert answer.status == 201, answer.text
    return validated(ScheduleView, answer.json())


def patch(caller: Caller, made: ScheduleView, **changes: Any) -> Answer:
    headers = {"content-type": "application/json"}
    return caller.send("PATCH", f"/api/schedules/{made['id']}", body=json.dumps(changes), headers=headers)


def test_a_schedule_is_created_listed_changed_and_deleted(ann: Caller) -> None:
    made = create(ann)
    assert (made["cron"], made["every"], made["overlap"], made["paused"]) == ("0 7 * * *", None, "allow", False)
    changed = patch(ann, made, every=3600, paused=True)
    assert (changed.status, changed.json()["every"], changed.json()["cron"]) == (200, 3600, None)
    assert [item["id"] for item in ann.get("/api/schedules").json()["items"]] == [made["id"]]
    assert ann.send("DELETE", f"/api/schedules/{made['id']}").status == 204
    assert ann.get("/api/schedules").json() == {"items": []}


def test_another_owners_schedule_is_not_there(ann: Caller, ben: Caller) -> None:
    made = create(ann)
    assert ben.get("/api/schedules").json() == {"items": []}
    assert patch(ben, made, paused=True).status == 404
    assert ben.send("DELETE", f"/api/schedules/{made['id']}").status == 404
    assert len(ann.get("/api/schedules").json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"cron": "0 0 30 2 *"}, {"cron"}),
        ({"cron": "every day"}, {"cron"}),
        ({"cron": "0 7 * * *", "every": 60}, {"cron"}),
        ({"timeZone": "Mars/Olympus"}, {"timeZone"}),
        ({"type": "no.such"}, {"type"}),
        ({"type": "friend.recommendations", "payload": {"friendId": 2}}, {"type"}),
        ({"type": "friend.ask", "payload": {}, "timeZone": "Mars"}, {"payload.friendName", "timeZone"}),
        ({"overlap": "sometimes"}, {"overlap"}),
    ],
)
def test_every_fault_is_named(ann: Caller, body: dict[str, Any], fields: set[str]) -> None:
    answer = ann.post("/api/schedules", {**DAILY, **body})
    assert answer.status == 400, answer.text
    assert {fault["field"] for fault in answer.json()["faults"]} == fields


def test_an_owner_may_have_a_hundred(ann: Caller, conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.engine.schedules.MOST_SCHEDULES", 2)
    create(ann)
    create(ann)
    refused = ann.post("/api/schedules", DAILY)
    assert (refused.status, refused.json()["code"]) == (409, "too_many_schedules")


LARGE = "UPDATE agent_schedules SET payload = jsonb_build_object('x', repeat(U&'\\+01F600', 60000))"


def test_no_payload_breaks_a_list_of_schedules(ann: Caller, operator: Caller, conn: Connection) -> None:
    """Neither new ones, which are bounded, nor those that an earlier version stored."""
    largest = {"x": "y" * 9_900}
    made = [create(ann, payload=largest) for _ in range(100)]
    assert len(ann.get("/api/schedules").json()["items"]) == 100
    for payload in ({"x": "y" * 10_000}, {"x": [1e308] * 40}):
        for refused in (
            ann.post("/api/schedules", {**DAILY, "payload": payload}),
            patch(ann, made[0], payload=payload),
        ):
            assert (refused.status, [fault["field"] for fault in refused.json()["faults"]]) == (400, ["payload"])
    conn.execute(LARGE.encode())
    for caller, path in ((ann, "/api/schedules"), (operator, "/ops/schedules?limit=100")):
        answer = caller.get(path)
        assert (path, answer.status) == (path, 200)
        assert 1_000 < len(json.dumps(answer.text)) < LAMBDA_LIMIT
    assert operator.get("/ops/schedules?limit=100").json()["nextCursor"] is not None
    assert patch(ann, made[0], paused=True).status == 200, "an old one can be paused"
