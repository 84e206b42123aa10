"""Operators' notes on a task: for other operators, audited, gone with the task."""

from __future__ import annotations

import pytest

from orchestrator.engine.operators import notes
from orchestrator.store.connection import Connection
from tests.support.gateway import Caller


@pytest.fixture
def task(ann: Caller) -> str:
    return str(ann.post("/api/tasks", {"type": "echo"}).json()["id"])


def test_a_note_is_part_of_the_task_for_operators_alone(ann: Caller, operator: Caller, task: str) -> None:
    path = f"/ops/tasks/{task}/notes"
    added = operator.post(path, {"text": "  asked the bank, see ticket 7  "})
    assert added.status == 201, added.text
    assert operator.post(path, {"text": "solved"}).status == 201
    first, second = operator.get(f"/ops/tasks/{task}").json()["notes"]
    assert first == added.json()
    assert (first["text"], second["text"]) == ("asked the bank, see ticket 7", "solved")
    assert first["actor"] == "User 9 (9)"
    assert "solved" not in ann.get(f"/api/tasks/{task}").text
    assert ann.post(path, {"text": "mine"}).status == 403


def test_a_note_is_audited_without_its_text(operator: Caller, task: str) -> None:
    note = operator.post(f"/ops/tasks/{task}/notes", {"text": "a text of the operator"}).json()
    (entry,) = operator.get("/ops/audit?action=note&limit=1").json()["items"]
    assert entry["detail"] == {"task": task, "note": note["id"]}
    assert entry["actor"] == note["actor"]


def test_a_note_and_its_audit_entry_are_written_together(operator: Caller, conn: Connection, task: str) -> None:
    conn.execute("REVOKE INSERT (actor, action, detail) ON operator_actions FROM orchestrator_operator")
    try:
        assert operator.post(f"/ops/tasks/{task}/notes", {"text": "not kept"}).status == 500
    finally:
        conn.execute("GRANT INSERT (actor, action, detail) ON operator_actions TO orchestrator_operator")
    assert operator.get(f"/ops/tasks/{task}").json()["notes"] == []


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001, 7, None])
def test_a_note_has_1_to_1000_characters(operator: Caller, task: str, text: object) -> None:
    assert operator.post(f"/ops/tasks/{task}/notes", {"text": text}).status == 400


def test_a_task_has_a_bounded_number_of_notes(operator: Caller, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "MOST_NOTES", 2)
    path = f"/ops/tasks/{task}/notes"
    assert [operator.post(path, {"text": f"note {number}"}).status for number in range(3)] == [201, 201, 409]


def test_a_task_that_does_not_exist_has_no_notes(operator: Caller) -> None:
    assert operator.post("/ops/tasks/00000000-0000-7000-8000-000000000000/notes", {"text": "x"}).status == 404


def test_notes_go_with_their_task(operator: Caller, conn: Connection, task: str) -> None:
    operator.post(f"/ops/tasks/{task}/notes", {"text": "x"})
    conn.execute("DELETE FROM agent_tasks WHERE id = %s", (task,))
    row = conn.execute("SELECT count(*) AS left FROM agent_task_notes WHERE task_id = %s", (task,)).fetchone()
    assert row == {"left": 0}
