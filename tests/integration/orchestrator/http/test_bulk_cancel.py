"""Many tasks cancelled over HTTP: shown first, then ended for a reason, by operators alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from orchestrator.http.schemas import operator_responses as answers
from orchestrator.model.ids import first_id_at
from orchestrator.store.connection import Connection
from tests.integration.orchestrator.http.test_operator_tasks import NOBODYS, kill, submit
from tests.support.gateway import Answer, Caller
from tests.support.queues import RecordingEvents
from tests.support.shapes import validated

WRONG = {"reason": "a wrong import"}


def cancel(caller: Caller, **body: Any) -> Answer:
    return caller.post("/ops/tasks/cancel", body)


def preview(operator: Caller, **body: Any) -> answers.WouldEnd:
    shown = validated(answers.Cancelled, cancel(operator, **body, preview=True).json())
    assert shown["cancelled"] == 0
    assert shown["wouldEnd"] is not None
    return shown["wouldEnd"]


def status(caller: Caller, task: str) -> str:
    return str(caller.get(f"/ops/tasks/{task}").json()["status"])


def test_shown_then_ended(ann: Caller, ben: Caller, operator: Caller, events: RecordingEvents) -> None:
    mine, theirs = [submit(ann) for _ in range(3)], submit(ben)
    would = preview(operator, owner="1")
    assert (would["total"], would["descendants"], would["owners"]) == (3, 0, 1)
    assert [(group["type"], group["status"], group["count"]) for group in would["groups"]] == [("echo", "pending", 3)]
    assert would["example"] is not None
    assert (str(would["example"]["id"]), would["example"]["owner"]) == (mine[-1], "1")
    assert would["oldest"] is not None
    assert would["newest"] is not None
    assert would["oldest"] <= would["newest"]
    assert {status(operator, task) for task in mine} == {"pending"}
    events.owners.clear()
    done = validated(answers.Cancelled, cancel(operator, owner="1", **WRONG).json())
    assert (done["cancelled"], done["more"], done["wouldEnd"]) == (3, False, None)
    assert {status(operator, task) for task in mine} == {"cancelled"}
    assert status(operator, theirs) == "pending"
    assert set(events.owners) == {"1"}
    assert cancel(operator, owner="1", **WRONG).json() == {"cancelled": 0, "more": False, "wouldEnd": None}


def test_by_ids(ann: Caller, operator: Caller) -> None:
    tasks = [submit(ann) for _ in range(3)]
    chosen = [*tasks[:2], tasks[0], NOBODYS]
    assert preview(operator, ids=chosen)["total"] == 2
    assert cancel(operator, ids=chosen, **WRONG).json()["cancelled"] == 2
    assert [status(operator, task) for task in tasks] == ["cancelled", "cancelled", "pending"]


def test_the_times_of_a_preview_keep_out_later_tasks(ann: Caller, operator: Caller) -> None:
    seen = submit(ann)
    would = preview(operator, type="echo", since="1h")
    assert would["since"] is not None
    assert would["until"] is not None
    later = submit(ann)
    while UUID(later) < first_id_at(datetime.fromisoformat(would["until"])):
        later = submit(ann)
    meant = {"since": would["since"], "until": would["until"]}
    assert cancel(operator, type="echo", **meant, **WRONG).json()["cancelled"] >= 1
    assert (status(operator, seen), status(operator, later)) == ("cancelled", "pending")


def test_page_by_page(ann: Caller, operator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 2)
    tasks = [submit(ann) for _ in range(5)]
    pages = [cancel(operator, type="echo", **WRONG).json() for _ in range(3)]
    assert [(page["cancelled"], page["more"]) for page in pages] == [(2, True), (2, True), (1, False)]
    assert {status(operator, task) for task in tasks} == {"cancelled"}
    trail = operator.get("/ops/audit?action=cancel").json()["items"]
    assert [(entry["actor"], entry["detail"]["tasks"]) for entry in trail] == [("User 9 (9)", n) for n in (1, 2, 2)]
    assert trail[0]["detail"] == {"type": "echo", "reason": "a wrong import", "tasks": 1}


def test_every_word_narrows(ann: Caller, operator: Caller, conn: Connection) -> None:
    *tasks, _ = [submit(ann) for _ in range(5)]
    trace = operator.get(f"/ops/tasks/{tasks[0]}").json()["traceId"]
    later = "due_at = now() + interval '1 day'"
    conn.execute(f"UPDATE agent_tasks SET {later} WHERE id = %s".encode(), (tasks[1],))
    conn.execute(
        "UPDATE agent_tasks SET status = 'processing', token = 1, leased_until = now() + interval '1 h' WHERE id = %s",
        (tasks[2],),
    )
    conn.execute('UPDATE agent_tasks SET error = \'{"fingerprint": "f1"}\' WHERE id = %s', (tasks[3],))
    filters = ({"trace": trace.upper()}, {"state": "scheduled"}, {"status": "processing"}, {"fingerprint": "f1"})
    for task, word in zip(tasks, filters, strict=True):
        would = preview(operator, type="echo", **word)
        assert would["example"] is not None
        assert (would["total"], str(would["example"]["id"])) == (1, task)
        assert cancel(operator, type="echo", **word, **WRONG).json()["cancelled"] == 1
        assert status(operator, task) == "cancelled"


def test_dead_letters_are_no_business_of_it(ann: Caller, operator: Caller, conn: Connection) -> None:
    dead = submit(ann)
    kill(conn, dead)
    assert preview(operator, type="echo")["total"] == 0
    assert cancel(operator, ids=[dead], **WRONG).json()["cancelled"] == 0
    assert status(operator, dead) == "dead-letter"


def test_the_single_cancel_is_kept_with_its_change(ann: Caller, operator: Caller, conn: Connection) -> None:
    task = submit(ann)
    conn.execute("REVOKE INSERT (actor, action, detail) ON operator_actions FROM orchestrator_operator")
    assert operator.post(f"/ops/tasks/{task}/cancel").status == 500
    assert status(operator, task) == "pending"
    conn.execute("GRANT INSERT (actor, action, detail) ON operator_actions TO orchestrator_operator")
    assert operator.post(f"/ops/tasks/{task}/cancel").status == 202
    (entry,) = operator.get("/ops/audit").json()["items"]
    assert (entry["action"], entry["detail"]) == ("cancel", {"task": task})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"until": "1h"},
        {"ids": []},
        {"ids": ["x"]},
        {"ids": [NOBODYS] * 1_001},
        {"ids": [NOBODYS], "type": "echo"},
        {"ids": [NOBODYS], "until": "1h"},
        {"type": ""},
        {"type": "echo", "state": "dead"},
        {"type": "echo", "status": "dead-letter"},
        {"type": "echo", "status": "completed"},
        {"type": "echo", "since": "yesterday"},
        {"type": "echo", "since": 5},
        {"type": "echo", "trace": "xyz"},
        {"type": "echo", "order": "ended"},
        {"type": "echo", "all": True},
        {"owner": "o" * 129},
        {"type": "echo", "preview": "true"},
        {"type": "echo", "preview": 1},
        [],
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_bad_choice_is_refused(ann: Caller, operator: Caller, body: object) -> None:
    task = submit(ann)
    for given in (body, {**body, **WRONG}) if isinstance(body, dict) else (body,):
        answer = operator.post("/ops/tasks/cancel", given)
        assert answer.status == 400, answer.text
        assert answer.json()["faults"]
    assert status(operator, task) == "pending"


def test_an_empty_choice_names_the_missing_options(operator: Caller) -> None:
    (fault,) = cancel(operator, **WRONG).json()["faults"]
    assert fault["message"].startswith("needs either ids, or one or several of: type, owner, status, state")


@pytest.mark.parametrize(
    "reason", [{}, {"reason": ""}, {"reason": " \n"}, {"reason": "x" * 501}], ids=lambda given: str(given)[:20]
)
def test_not_without_a_reason(ann: Caller, operator: Caller, reason: dict[str, str]) -> None:
    task = submit(ann)
    refused = cancel(operator, type="echo", **reason)
    assert (refused.status, len(refused.json()["faults"])) == (400, 1)
    assert status(operator, task) == "pending"
