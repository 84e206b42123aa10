"""Dead letters over HTTP: listed, previewed, redriven, given up; and the operator's name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from orchestrator.http.schemas import operator_responses as answers
from orchestrator.store.connection import Connection
from tests.integration.orchestrator.http.test_operator_tasks import NOBODYS, kill, submit
from tests.support.gateway import Caller
from tests.support.queues import RecordingEvents, RecordingQueue
from tests.support.shapes import validated


@pytest.fixture
def dead(ann: Caller, conn: Connection) -> list[str]:
    tasks = [submit(ann) for _ in range(3)]
    for task in tasks:
        kill(conn, task)
    return tasks


def test_listed_oldest_first(operator: Caller, dead: list[str]) -> None:
    found = validated(answers.DeadLetters, operator.get("/ops/dead-letters").json())
    assert [str(item["id"]) for item in found["items"]] == dead
    assert len(operator.get("/ops/dead-letters?limit=1").json()["items"]) == 1
    assert len(operator.get("/ops/dead-letters?fingerprint=f1").json()["items"]) == 3
    assert operator.get("/ops/dead-letters?type=friend.ask").json()["items"] == []


@pytest.mark.parametrize("choice", ["ids", "type", "all"])
def test_redriven(operator: Caller, dead: list[str], queue: RecordingQueue, choice: str) -> None:
    choices: dict[str, dict[str, Any]] = {
        "ids": {"ids": dead},
        "type": {"type": "echo"},
        "all": {"all": True},
    }
    body = choices[choice]
    queue.sent.clear()
    trial = validated(answers.Moved, operator.post("/ops/dead-letters/redrive", {**body, "dryRun": True}).json())
    assert (len(trial["ids"]), trial["dryRun"], queue.sent) == (3, True, [])
    done = operator.post("/ops/dead-letters/redrive", body)
    assert (done.status, sorted(done.json()["ids"])) == (200, sorted(dead))
    assert sorted(map(str, queue.ids)) == sorted(dead)
    assert operator.get("/ops/dead-letters").json()["items"] == []
    assert operator.post("/ops/dead-letters/redrive", body).json()["ids"] == []


def test_a_preview_lists_the_tasks_to_redrive(operator: Caller, ann: Caller, conn: Connection, dead: list[str]) -> None:
    other = submit(ann)
    kill(conn, other)
    conn.execute("UPDATE agent_tasks SET error = jsonb_set(error, '{fingerprint}', '\"f2\"') WHERE id = %s", (other,))
    for verb in ("redrive", "discard"):
        would = validated(
            answers.Moved,
            operator.post(f"/ops/dead-letters/{verb}", {"ids": [*dead[:2], other], "dryRun": True}).json(),
        )
        pushed = [
            (group["type"], group["fingerprint"], group["version"], group["count"], group["owners"])
            for group in would["groups"]
        ]
        assert pushed == [("echo", "f2", "", 1, 1), ("echo", "f1", "", 2, 1)]
        assert (would["total"], would["more"]) == (3, False)


def test_a_redrive_call_reports_the_remaining_tasks(
    operator: Caller, dead: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("orchestrator.engine.operators.redrive", "orchestrator.http.routes.dead_letters"):
        monkeypatch.setattr(f"{module}.MOST_AT_ONCE", 2)
    for body in ({"all": True, "dryRun": True}, {"all": True, "canary": True}):
        pushed = operator.post("/ops/dead-letters/redrive", body).json()
        assert (pushed["total"], pushed["more"]) == (3, True)
    assert pushed["redrive"]["total"] == 2
    rest = operator.post("/ops/dead-letters/redrive", {"all": True}).json()
    assert (rest["total"], rest["more"], len(rest["ids"])) == (2, False, 2)


def test_listed_page_by_page(operator: Caller, conn: Connection, dead: list[str]) -> None:
    """Those that died at one moment too, and though the last one seen has been moved since."""
    conn.execute("UPDATE agent_tasks SET dead_at = now()")
    first = operator.get("/ops/dead-letters?limit=1").json()
    operator.post(f"/ops/tasks/{first['items'][0]['id']}/retry")
    second = operator.get(f"/ops/dead-letters?limit=1&cursor={first['nextCursor']}").json()
    third = operator.get(f"/ops/dead-letters?limit=1&cursor={second['nextCursor']}").json()
    assert [item["id"] for page in (first, second, third) for item in page["items"]] == sorted(dead)
    assert third["nextCursor"] is None
    for nonsense in ("x", "1-x", f"-1-{NOBODYS}", f"{'9' * 17}-{NOBODYS}"):
        assert operator.get(f"/ops/dead-letters?cursor={nonsense}").status == 400


def test_discarded(operator: Caller, dead: list[str]) -> None:
    done = operator.post("/ops/dead-letters/discard", {"ids": dead[:1], "reason": "a duplicate"})
    assert done.json()["ids"] == dead[:1]
    task_detail = operator.get(f"/ops/tasks/{dead[0]}").json()
    assert task_detail["status"] == "cancelled"
    assert task_detail["events"][-1]["data"]["reason"] == "a duplicate"


@pytest.mark.parametrize("reason", [{}, {"reason": ""}, {"reason": " \n"}], ids=str)
def test_not_discarded_without_a_reason(operator: Caller, dead: list[str], reason: dict[str, str]) -> None:
    refused = operator.post("/ops/dead-letters/discard", {"ids": dead, **reason})
    assert (refused.status, len(refused.json()["faults"])) == (400, 1)
    assert operator.get("/ops/dead-letters").json()["total"] == 3


def test_grouped_by_common_values(operator: Caller, dead: list[str]) -> None:
    found = validated(answers.DeadLetters, operator.get("/ops/dead-letters").json())
    (group,) = found["groups"]
    assert (found["total"], group["count"], group["fingerprint"], group["type"], group["owners"]) == (
        3,
        3,
        "f1",
        "echo",
        1,
    )
    assert str(group["example"]["id"]) == dead[-1]
    assert operator.get("/ops/dead-letters?fingerprint=other").json()["groups"] == []


def test_chosen_by_the_version_of_the_last_attempt(operator: Caller, conn: Connection, dead: list[str]) -> None:
    for task, *versions in ((dead[0], "1.9", "2.0"), (dead[1], "2.0", "1.9")):
        for seq, version in enumerate(versions, start=10):
            conn.execute(
                "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)"
                " VALUES (%s, %s, 1, 'started', 'processing', '1', jsonb_build_object('version', %s::text))",
                (task, seq, version),
            )
    found = validated(answers.DeadLetters, operator.get("/ops/dead-letters?version=2.0").json())
    assert (found["total"], [group["version"] for group in found["groups"]]) == (1, ["2.0"])
    assert [str(item["id"]) for item in found["items"]] == dead[:1]
    for body in ({"version": "2.0"}, {"version": "2.0", "type": "echo", "fingerprint": "f1"}):
        assert operator.post("/ops/dead-letters/redrive", {**body, "dryRun": True}).json()["ids"] == dead[:1]
    assert operator.post("/ops/dead-letters/redrive", {"version": "2.0", "type": "none"}).json()["ids"] == []
    done = operator.post("/ops/dead-letters/discard", {"version": "1.9", "reason": "made by a bad deploy"})
    assert done.json()["ids"] == dead[1:2]
    begun = operator.post("/ops/dead-letters/redrive", {"version": "2.0", "canary": True}).json()
    assert (begun["ids"], begun["redrive"]["total"]) == (dead[:1], 1)
    trail = operator.get("/ops/audit?limit=1").json()["items"]
    assert trail[0]["detail"]["version"] == "2.0"


def test_redriven_in_stages(operator: Caller, dead: list[str], queue: RecordingQueue) -> None:
    queue.sent.clear()
    begun = operator.post("/ops/dead-letters/redrive", {"fingerprint": "f1", "canary": True})
    moved = validated(answers.Moved, begun.json())
    assert moved["redrive"] is not None
    assert [str(each) for each in moved["ids"]] == [str(each) for each in queue.ids] == dead[:1]
    assert (moved["redrive"]["state"], moved["redrive"]["released"], moved["redrive"]["total"]) == ("running", 1, 3)
    path = f"/ops/redrives/{moved['redrive']['id']}"
    assert operator.post(f"{path}/advance").json()["released"] == 1
    assert operator.post(f"{path}/stop").json()["state"] == "stopped"
    assert operator.post(f"{path}/stop").status == 409
    assert operator.post(f"/ops/redrives/{uuid4()}/advance").status == 404
    listed = validated(answers.Redrives, operator.get("/ops/redrives").json())
    assert [(each["state"], each["canary"], str(each["waitingFor"])) for each in listed["items"]] == [
        ("stopped", True, dead[0])
    ]
    assert operator.post("/ops/dead-letters/redrive", {"type": "none", "canary": True}).json()["redrive"] is None


def test_redriven_at_a_rate(operator: Caller, dead: list[str]) -> None:
    begun = operator.post("/ops/dead-letters/redrive", {"ids": dead, "rate": 0.02}).json()
    assert (begun["ids"], begun["redrive"]["canary"], begun["redrive"]["rate"]) == (dead[:2], False, 0.02)
    assert (begun["redrive"]["released"], begun["redrive"]["open"]) == (2, 2)
    stopped = operator.post(f"/ops/redrives/{begun['redrive']['id']}/stop").json()
    assert (stopped["state"], stopped["released"]) == ("stopped", 2)
    assert operator.get("/ops/dead-letters").json()["total"] == 1


def test_watchers_get_the_redrive(operator: Caller, dead: list[str], events: RecordingEvents) -> None:
    moves: tuple[dict[str, Any], ...] = ({"rate": 5}, {"canary": True}, {})
    for id, body in zip(dead, moves, strict=True):
        events.owners.clear()
        operator.post("/ops/dead-letters/redrive", {"ids": [id], **body})
        assert events.owners == ["1"]


def test_a_retry_of_a_task_that_is_not_dead_leaves_no_trace(ann: Caller, operator: Caller) -> None:
    assert operator.post(f"/ops/tasks/{submit(ann)}/retry").status == 409
    assert operator.post(f"/ops/tasks/{uuid4()}/retry").status == 404
    assert operator.get("/ops/audit").json()["items"] == []


def test_operator_actions_are_audited(operator: Caller, dead: list[str]) -> None:
    operator.post("/ops/dead-letters/discard", {"ids": dead[:1], "reason": "a duplicate"})
    operator.post("/ops/dead-letters/redrive", {"all": True, "rate": 5})
    trail = validated(answers.Audit, operator.get("/ops/audit?limit=1").json())
    (newest,) = trail["items"]
    assert (newest["actor"], newest["action"]) == ("User 9 (9)", "redrive")
    assert (newest["detail"]["tasks"], newest["detail"]["rate"]) == (2, 5)
    (older,) = operator.get(f"/ops/audit?cursor={trail['nextCursor']}").json()["items"]
    assert (older["action"], older["detail"]["reason"]) == ("discard", "a duplicate")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": True, "type": "echo"},
        {"all": True, "fingerprint": "f1"},
        {"all": True, "version": "1.0"},
        {"version": "1 OR 1"},
        {"ids": []},
        {"ids": ["x"]},
        {"ids": [NOBODYS] * 1_001},
        {"type": ""},
        {"all": "true"},
        {"all": True, "more": 1},
        [],
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_bad_choice_is_refused(operator: Caller, dead: list[str], body: object) -> None:
    with_reason = {**body, "reason": "a test"} if isinstance(body, dict) else body
    for action, given in (("redrive", body), ("discard", with_reason)):
        answer = operator.post(f"/ops/dead-letters/{action}", given)
        assert answer.status == 400
        assert answer.json()["faults"]
    assert len(operator.get("/ops/dead-letters").json()["items"]) == 3
