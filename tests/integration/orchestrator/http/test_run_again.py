"""Operators run a task again: validated, audited, for the same owner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.engine import Engine
from tests.support.gateway import Caller


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


def test_a_task_runs_again_for_its_owner_and_the_audit_says_so(ann: Caller, engine: Engine, operator: Caller) -> None:
    first = ann.post("/api/tasks", {"type": "echo", "payload": {"hello": "you"}}).json()["id"]
    assert operator.post(f"/ops/tasks/{first}/run-again", {"reason": "still runs"}).status == 409
    ann.post(f"/api/tasks/{first}/cancel")
    answer = operator.post(f"/ops/tasks/{first}/run-again", {"reason": "a support request"})
    assert answer.status == 202, answer.text
    new = answer.json()
    assert (new["owner"], new["type"], new["payload"], new["status"]) == ("1", "echo", {"hello": "you"}, "pending")
    assert new["id"] != first
    (entry,) = operator.get("/ops/audit?action=run-again&limit=1").json()["items"]
    assert (entry["detail"]["task"], entry["detail"]["newTask"]) == (first, new["id"])
    assert (entry["detail"]["reason"], entry["detail"]["edited"]) == ("a support request", False)


def test_an_edited_payload_is_validated(ann: Caller, operator: Caller) -> None:
    first = ann.post("/api/tasks", {"type": "friend.ask", "payload": {"friendName": "Bruno"}}).json()["id"]
    ann.post(f"/api/tasks/{first}/cancel")
    path = f"/ops/tasks/{first}/run-again"
    assert operator.post(path, {"reason": "typo", "payload": {"friend": "Bruno"}}).status == 400
    edited = operator.post(path, {"reason": "typo", "payload": {"friendName": "Bruna"}}).json()
    assert edited["payload"] == {"friendName": "Bruna"}
    assert operator.post(path, {"reason": "  "}).status == 400
    assert operator.post(path, {}).status == 400


def test_only_operators_may(ann: Caller) -> None:
    first = ann.post("/api/tasks", {"type": "echo"}).json()["id"]
    assert ann.post(f"/ops/tasks/{first}/run-again", {"reason": "mine"}).status == 403
