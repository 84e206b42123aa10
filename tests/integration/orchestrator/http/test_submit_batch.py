"""A batch of tasks and unique keys over HTTP: each task has its own faults, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.http.rate_limits import Allowance
from orchestrator.http.schemas.responses import BatchReceipt
from orchestrator.store.connection import Connection
from tests.support.gateway import Caller
from tests.support.queues import RecordingQueue
from tests.support.shapes import validated

ECHO = {"type": "echo", "payload": {"a": 1}}


def send(caller: Caller, *tasks: Any, **headers: str) -> BatchReceipt:
    answer = caller.post("/api/tasks/batch", {"tasks": list(tasks)}, headers=headers)
    assert answer.status == 202, answer.text
    return validated(BatchReceipt, answer.json())


def test_each_task_has_its_answer_in_order(ann: Caller, queue: RecordingQueue) -> None:
    bad = {"type": "friend.ask", "payload": {}, "maxAttempts": 0}
    items = send(ann, ECHO, {"type": "no.such"}, ECHO, bad, 7)["items"]
    assert [sorted(item) for item in items] == [["id", "status"], ["errors"], ["id", "status"], ["errors"], ["errors"]]
    assert [fault["field"] for fault in items[1]["errors"]] == ["type"]
    assert {fault["field"] for fault in items[3]["errors"]} == {"maxAttempts", "payload.friendName"}
    assert [str(id) for id in queue.ids] == [items[0]["id"], items[2]["id"]]
    assert ann.get(f"/api/tasks/{items[2]['id']}").status == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"tasks": []}, "too_short"),
        ({"tasks": [ECHO] * 101}, "too_long"),
        ({"tasks": "many"}, "wrong_type"),
        ({}, "required"),
        ([ECHO], "wrong_type"),
        ({"tasks": [ECHO], "more": 1}, "unknown_field"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(ann: Caller, conn: Connection, body: Any, code: str) -> None:
    answer = ann.post("/api/tasks/batch", body)
    assert answer.status == 400
    assert code in [fault["code"] for fault in answer.json()["errors"]]
    assert conn.execute("SELECT FROM agent_tasks").rowcount == 0


def test_a_repeated_batch_is_the_same_tasks(ann: Caller) -> None:
    first = send(ann, ECHO, {"type": "echo"}, **{"idempotency-key": "k"})
    assert send(ann, ECHO, {"type": "echo"}, **{"idempotency-key": "k"}) == first
    (other, same) = send(ann, {"type": "echo", "payload": {"b": 2}}, {"type": "echo"}, **{"idempotency-key": "k"})[
        "items"
    ]
    assert [fault["code"] for fault in other["errors"]] == ["idempotency_key_reused"]
    assert same["id"] == first["items"][1]["id"]


def test_no_caller_can_take_a_key_of_anothers_batch(ann: Caller, ben: Caller) -> None:
    (mine,), (theirs,) = (send(caller, ECHO, **{"idempotency-key": "k"})["items"] for caller in (ann, ben))
    assert mine["id"] != theirs["id"]
    assert ann.post("/api/tasks", ECHO, headers={"idempotency-key": "k 0"}).status == 400


def test_a_batch_counts_as_many_submits_as_it_has_tasks(ann: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[float] = []
    monkeypatch.setattr(Allowance, "use", lambda *given: used.append(given[-1]))
    send(ann, *[ECHO] * 30)
    assert (sum(used), len(used)) == (30, 2)


def test_a_unique_key_is_answered_by_its_rule(ann: Caller) -> None:
    def ask(**unique: Any) -> Any:
        return ann.post("/api/tasks", {**ECHO, "unique": {"key": "k", **unique}})

    first = ask().json()["id"]
    assert ask().json()["id"] == first
    assert ask(rule="replace").json()["id"] == first
    assert ask(rule="debounce", seconds=5, max=60).json()["id"] == first
    refused = ask(rule="reject")
    assert (refused.status, refused.json()["code"]) == (409, "not_unique")
    (item,) = send(ann, {**ECHO, "unique": {"key": "k", "rule": "reject"}})["items"]
    assert [fault["code"] for fault in item["errors"]] == ["not_unique"]


@pytest.mark.parametrize(
    "unique",
    [
        {},
        {"key": ""},
        {"key": "x" * 201},
        {"key": "k", "rule": "sometimes"},
        {"key": "k", "rule": "debounce"},
        {"key": "k", "rule": "debounce", "seconds": 0},
        {"key": "k", "rule": "debounce", "seconds": "5"},
        {"key": "k", "rule": "return", "seconds": 5},
        "k",
    ],
    ids=str,
)
def test_a_unique_key_that_makes_no_sense_is_refused(ann: Caller, unique: Any) -> None:
    answer = ann.post("/api/tasks", {**ECHO, "unique": unique})
    assert answer.status == 400
    assert all(fault["field"].startswith("unique") for fault in answer.json()["errors"])
