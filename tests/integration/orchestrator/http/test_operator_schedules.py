"""Operators and schedules: of any owner, audited, and closed to everybody else."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.http.schemas import schedules
from tests.support.gateway import Caller
from tests.support.shapes import validated

NO_SUCH = "377e572d-f83e-4446-981b-db8c58cb1a46"


def create(operator: Caller, **more: Any) -> schedules.OpsScheduleView:
    answer = operator.post("/ops/schedules", {"type": "echo", "every": 3600, "owner": "1", **more})
    assert answer.status == 201, answer.text
    return validated(schedules.OpsScheduleView, answer.json())


def test_a_schedule_of_an_owner_is_created_paused_resumed_and_deleted(operator: Caller, ann: Caller) -> None:
    made = create(operator)
    assert (made["owner"], made["declared"], made["paused"]) == ("1", False, False)
    assert [item["id"] for item in ann.get("/api/schedules").json()["items"]] == [made["id"]]
    assert operator.post(f"/ops/schedules/{made['id']}/pause").json()["paused"]
    detail = validated(schedules.OpsScheduleDetail, operator.get(f"/ops/schedules/{made['id']}").json())
    assert detail["why"]["reason"] == "paused"
    assert not operator.post(f"/ops/schedules/{made['id']}/resume").json()["paused"]
    assert operator.send("DELETE", f"/ops/schedules/{made['id']}").status == 204
    assert ann.get("/api/schedules").json() == {"items": []}
    trail = [entry["action"] for entry in operator.get("/ops/audit?limit=10").json()["items"]]
    assert trail[:4] == ["schedule-delete", "schedule-resume", "schedule-pause", "schedule-create"]


def test_a_type_that_is_closed_to_users_can_run_for_the_system(operator: Caller) -> None:
    answer = operator.post(
        "/ops/schedules", {"type": "friend.recommendations", "payload": {"friendId": 1}, "cron": "0 7 * * *"}
    )
    assert (answer.status, answer.json()["owner"]) == (201, "system")


def test_lists_are_paged_and_filtered(operator: Caller) -> None:
    made = [create(operator, owner=owner)["id"] for owner in ("1", "2", "1")]
    first = validated(schedules.OpsSchedules, operator.get("/ops/schedules?limit=2").json())
    rest = operator.get(f"/ops/schedules?limit=2&cursor={first['nextCursor']}").json()
    assert [item["id"] for item in [*first["items"], *rest["items"]]] == made[::-1]
    assert rest["nextCursor"] is None
    assert len(operator.get("/ops/schedules?owner=2").json()["items"]) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/pause"), ("POST", "/resume"), ("DELETE", "")])
def test_a_missing_schedule_is_not_found(operator: Caller, ann: Caller, method: str, path: str) -> None:
    assert operator.send(method, f"/ops/schedules/{NO_SUCH}{path}").status == 404
    assert operator.send(method, f"/ops/schedules/nonsense{path}").status == 404
    assert ann.send(method, f"/ops/schedules/{NO_SUCH}{path}").status == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"every": 5}, "every"),
        ({"every": 60, "timeZone": "Mars"}, "timeZone"),
        ({}, "cron"),
    ],
)
def test_faults_are_named(operator: Caller, body: dict[str, Any], field: str) -> None:
    answer = operator.post("/ops/schedules", {"type": "echo", **body})
    assert answer.status == 400
    assert field in {fault["field"] for fault in answer.json()["errors"]}
