from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from orchestrator.edge import operator_answers as answers
from orchestrator.store import ops
from orchestrator.store.db import Connection
from tests.gateway import Caller
from tests.queues import RecordingQueue

Submit = Callable[..., str]

#: No task has it; the same in every process, so that workers agree on the tests' names.
NOBODYS = "377e572d-f83e-4446-981b-db8c58cb1a46"

ERROR = '{"kind": "error", "message": "boom at line 7", "fingerprint": "f1"}'


def submit(caller: Caller) -> str:
    return str(caller.post("/api/tasks", {"type": "echo", "payload": {"secret": 1}}).json()["id"])


def kill(conn: Connection, task: str) -> None:
    """The task's attempts are used up."""
    conn.execute(
        "UPDATE agent_tasks SET status = 'processing', token = 1, leased_until = now(), attempts = max_attempts"
        " WHERE id = %s",
        [task],
    )
    conn.execute(
        "UPDATE agent_tasks SET status = 'dead-letter', token = NULL, leased_until = NULL, wake_at = NULL,"
        " finished_at = now(), dead_at = clock_timestamp(), error = %s::jsonb WHERE id = %s",
        [ERROR, task],
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ops/stats"),
        ("GET", "/ops/tasks"),
        ("GET", f"/ops/tasks/{NOBODYS}"),
        ("POST", f"/ops/tasks/{NOBODYS}/cancel"),
        ("POST", f"/ops/tasks/{NOBODYS}/retry"),
        ("GET", "/ops/dead-letters"),
        ("POST", "/ops/dead-letters/redrive"),
        ("POST", "/ops/dead-letters/discard"),
    ],
)
def test_operators_alone(anyone: Caller, ann: Caller, method: str, path: str) -> None:
    assert anyone.send(method, path).status == 401
    assert ann.send(method, path).status == 403


def test_stats_name_who_floods(ann: Caller, ben: Caller, operator: Caller) -> None:
    assert operator.get("/ops/stats").json()["busiest"] is None
    for caller in (ben, ann, ann):
        submit(caller)
    assert operator.get("/ops/stats").json()["busiest"] == {"owner": "1", "tasks": 2}


def test_stats(ann: Caller, ben: Caller, operator: Caller, conn: Connection) -> None:
    submit(ann)
    ben.post(f"/api/tasks/{submit(ben)}/cancel")
    kill(conn, submit(ben))
    ann.post("/api/tasks", {"type": "echo", "scheduleAt": "2100-01-01T00:00:00Z"})
    answer = operator.get("/ops/stats")
    stats = answers.Stats.model_validate(answer.json())
    assert (stats.live.due, stats.live.scheduled, stats.live.dead) == (1, 1, 1)
    assert (stats.window.ended.cancelled, stats.window.ended.dead_letter) == (1, 1)
    assert stats.window.failureRate == 0.5
    assert [each.type for each in stats.byType] == ["echo"]
    assert stats.queue is not None
    assert stats.queue.waiting == 3


def test_everybodys_tasks(ann: Caller, ben: Caller, operator: Caller) -> None:
    of_ann, of_ben = submit(ann), submit(ben)
    page = answers.OpsTaskPage.model_validate(operator.get("/ops/tasks").json())
    assert [(str(item.id), item.owner) for item in page.items] == [(of_ben, "2"), (of_ann, "1")]
    only_ann = operator.get("/ops/tasks?owner=1&status=pending&type=echo").json()["items"]
    assert [item["id"] for item in only_ann] == [of_ann]


@pytest.mark.parametrize("filters", ["", "&status=pending", "&owner=1"])
def test_pages_follow_one_another(ann: Caller, operator: Caller, monkeypatch: pytest.MonkeyPatch, filters: str) -> None:
    monkeypatch.setattr(ops, "SEARCH_WINDOW", 3)
    made = [submit(ann) for _ in range(7)]
    seen: list[str] = []
    cursor = ""
    for _ in range(20):
        page = operator.get(f"/ops/tasks?limit=2{filters}{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == made[::-1]


def test_a_search_that_finds_nothing_nearby_still_leads_on(
    ann: Caller, operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "SEARCH_WINDOW", 3)
    oldest = submit(ann)
    ann.post(f"/api/tasks/{oldest}/cancel")
    for _ in range(7):
        submit(ann)
    page = operator.get("/ops/tasks?status=cancelled").json()
    assert page["items"] == []
    while not page["items"]:
        page = operator.get(f"/ops/tasks?status=cancelled&cursor={page['nextCursor']}").json()
    assert [item["id"] for item in page["items"]] == [oldest]


def test_a_dossier_tells_all(ann: Caller, operator: Caller, conn: Connection) -> None:
    task = submit(ann)
    answer = operator.get(f"/ops/tasks/{task}")
    dossier = answers.Dossier.model_validate(answer.json())
    assert (dossier.owner, dossier.why.reason) == ("1", "queued")
    assert [event.kind for event in dossier.events] == ["submitted"]
    kill(conn, task)
    dead = operator.get(f"/ops/tasks/{task}").json()
    assert dead["errorDetail"]["message"] == "boom at line 7"
    assert dead["why"]["reason"] == "dead-letter"
    assert "boom" not in ann.get(f"/api/tasks/{task}").text
    assert operator.get(f"/ops/tasks/{uuid4()}").status == 404


def test_cancel_and_retry(ann: Caller, operator: Caller, conn: Connection, queue: RecordingQueue) -> None:
    task = submit(ann)
    assert operator.post(f"/ops/tasks/{task}/retry").status == 409
    kill(conn, task)
    assert operator.post(f"/ops/tasks/{task}/cancel").status == 409
    answer = operator.post(f"/ops/tasks/{task}/retry")
    view = answers.OpsTask.model_validate(answer.json())
    assert (answer.status, view.status, view.attempts) == (202, "pending", 0)
    assert queue.ids.count(UUID(task)) == 2
    assert operator.post(f"/ops/tasks/{task}/cancel").json()["status"] == "cancelled"
    for action in ("cancel", "retry"):
        assert operator.post(f"/ops/tasks/{uuid4()}/{action}").status == 404
        assert operator.post(f"/ops/tasks/nonsense/{action}").status == 404


class TestDeadLetters:
    @pytest.fixture
    def dead(self, ann: Caller, conn: Connection) -> list[str]:
        tasks = [submit(ann) for _ in range(3)]
        for task in tasks:
            kill(conn, task)
        return tasks

    def test_listed_oldest_first(self, operator: Caller, dead: list[str]) -> None:
        found = answers.DeadLetters.model_validate(operator.get("/ops/dead-letters").json())
        assert [str(item.id) for item in found.items] == dead
        assert len(operator.get("/ops/dead-letters?limit=1").json()["items"]) == 1
        assert len(operator.get("/ops/dead-letters?fingerprint=f1").json()["items"]) == 3
        assert operator.get("/ops/dead-letters?type=friend.ask").json()["items"] == []

    @pytest.mark.parametrize("choice", ["ids", "type", "all"])
    def test_redriven(self, operator: Caller, dead: list[str], queue: RecordingQueue, choice: str) -> None:
        choices: dict[str, dict[str, Any]] = {
            "ids": {"ids": dead},
            "type": {"type": "echo"},
            "all": {"all": True},
        }
        body = choices[choice]
        queue.sent.clear()
        trial = answers.Moved.model_validate(
            operator.post("/ops/dead-letters/redrive", {**body, "dryRun": True}).json()
        )
        assert (len(trial.ids), trial.dryRun, queue.sent) == (3, True, [])
        done = operator.post("/ops/dead-letters/redrive", body)
        assert (done.status, sorted(done.json()["ids"])) == (200, sorted(dead))
        assert sorted(map(str, queue.ids)) == sorted(dead)
        assert operator.get("/ops/dead-letters").json()["items"] == []
        assert operator.post("/ops/dead-letters/redrive", body).json()["ids"] == []

    def test_discarded(self, operator: Caller, dead: list[str]) -> None:
        done = operator.post("/ops/dead-letters/discard", {"ids": dead[:1], "reason": "a duplicate"})
        assert done.json()["ids"] == dead[:1]
        dossier = operator.get(f"/ops/tasks/{dead[0]}").json()
        assert dossier["status"] == "cancelled"
        assert dossier["events"][-1]["data"]["reason"] == "a duplicate"

    def test_grouped_by_what_they_have_in_common(self, operator: Caller, dead: list[str]) -> None:
        found = answers.DeadLetters.model_validate(operator.get("/ops/dead-letters").json())
        (group,) = found.groups
        assert (found.total, group.count, group.fingerprint, group.type, group.owners) == (3, 3, "f1", "echo", 1)
        assert str(group.example.id) == dead[-1]
        assert operator.get("/ops/dead-letters?fingerprint=other").json()["groups"] == []

    def test_chosen_by_the_version_of_the_last_attempt(
        self, operator: Caller, conn: Connection, dead: list[str]
    ) -> None:
        for task, *versions in ((dead[0], "1.9", "2.0"), (dead[1], "2.0", "1.9")):
            for seq, version in enumerate(versions, start=10):
                conn.execute(
                    "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)"
                    " VALUES (%s, %s, 1, 'started', 'processing', '1', jsonb_build_object('version', %s::text))",
                    (task, seq, version),
                )
        found = answers.DeadLetters.model_validate(operator.get("/ops/dead-letters?version=2.0").json())
        assert (found.total, [group.version for group in found.groups]) == (1, ["2.0"])
        assert [str(item.id) for item in found.items] == dead[:1]
        for body in ({"version": "2.0"}, {"version": "2.0", "type": "echo", "fingerprint": "f1"}):
            assert operator.post("/ops/dead-letters/redrive", {**body, "dryRun": True}).json()["ids"] == dead[:1]
        assert operator.post("/ops/dead-letters/redrive", {"version": "2.0", "type": "none"}).json()["ids"] == []
        done = operator.post("/ops/dead-letters/discard", {"version": "1.9", "reason": "made by a bad deploy"})
        assert done.json()["ids"] == dead[1:2]
        begun = operator.post("/ops/dead-letters/redrive", {"version": "2.0", "canary": True}).json()
        assert (begun["ids"], begun["redrive"]["total"]) == (dead[:1], 1)
        trail = operator.get("/ops/audit?limit=1").json()["items"]
        assert trail[0]["detail"]["version"] == "2.0"

    def test_redriven_in_stages(self, operator: Caller, dead: list[str], queue: RecordingQueue) -> None:
        queue.sent.clear()
        begun = operator.post("/ops/dead-letters/redrive", {"fingerprint": "f1", "canary": True})
        moved = answers.Moved.model_validate(begun.json())
        assert moved.redrive is not None
        assert [str(each) for each in moved.ids] == [str(each) for each in queue.ids] == dead[:1]
        assert (moved.redrive.state, moved.redrive.released, moved.redrive.total) == ("running", 1, 3)
        path = f"/ops/redrives/{moved.redrive.id}"
        assert operator.post(f"{path}/advance").json()["released"] == 1
        assert operator.post(f"{path}/stop").json()["state"] == "stopped"
        assert operator.post(f"{path}/stop").status == 409
        assert operator.post(f"/ops/redrives/{uuid4()}/advance").status == 404
        listed = answers.StagedRedrives.model_validate(operator.get("/ops/redrives").json())
        assert [each.state for each in listed.items] == ["stopped"]
        assert operator.post("/ops/dead-letters/redrive", {"type": "none", "canary": True}).json()["redrive"] is None

    def test_who_did_what_is_kept(self, operator: Caller, dead: list[str]) -> None:
        operator.post("/ops/dead-letters/discard", {"ids": dead[:1], "reason": "a duplicate"})
        operator.post("/ops/dead-letters/redrive", {"all": True, "rate": 5})
        trail = answers.Audit.model_validate(operator.get("/ops/audit?limit=1").json())
        (newest,) = trail.items
        assert (newest.actor, newest.action) == ("User 9 (9)", "redrive")
        assert (newest.detail["tasks"], newest.detail["rate"]) == (2, 5)
        (older,) = operator.get(f"/ops/audit?cursor={trail.nextCursor}").json()["items"]
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
    def test_a_bad_choice_is_refused(self, operator: Caller, dead: list[str], body: object) -> None:
        for action in ("redrive", "discard"):
            answer = operator.post(f"/ops/dead-letters/{action}", body)
            assert answer.status == 400
            assert answer.json()["faults"]
        assert len(operator.get("/ops/dead-letters").json()["items"]) == 3
