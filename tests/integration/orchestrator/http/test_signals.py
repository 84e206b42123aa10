"""Signals over HTTP: by the owner, an operator, or the bearer of an answer token, and by nobody else."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.live.frames import page_of
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.engine.waiting.signals import Answerer, answer
from orchestrator.http.app import Services
from orchestrator.http.schemas import responses
from orchestrator.model.cursor import Cursor
from orchestrator.model.errors import AlreadyAnswered
from orchestrator.store import events, row_security
from orchestrator.store.connection import Connection, Database
from tests.integration.conftest import CountedQueue
from tests.support.engine import message_for
from tests.support.gateway import Answer, Caller
from tests.support.postgres import connect_as
from tests.support.queues import RecordingEvents
from tests.support.shapes import validated


@pytest.fixture
def task(db: Database, services: Services, worker: Worker, queue: CountedQueue) -> str:
    """A task of owner 1 that waits for `answer`."""
    request = TaskRequest(owner="1", type="test.waits", payload={"names": ["answer", "more"]}, by_user=False)
    made = submit(db, services.queue, worker.agents, request).task.id
    run(worker, made)
    queue.sent.clear()
    return str(made)


def run(worker: Worker, task: UUID | str) -> None:
    run_batch(worker, [message_for(UUID(str(task)))], lambda: 60.0)


def send(caller: Caller, task: str, value: Any = None, name: str = "answer", **more: Any) -> Answer:
    return caller.post(f"/api/tasks/{task}/signals/{name}", {"value": value or {"yes": True}, **more})


def token_of(conn: Connection, task: str) -> str:
    row = conn.execute("SELECT token FROM agent_waits WHERE task_id = %s AND name = 'answer'", (task,)).fetchone()
    assert row is not None
    return str(row["token"])


def test_the_owner_answers_and_the_task_is_sent(
    ann: Caller, task: str, queue: CountedQueue, events: RecordingEvents, worker: Worker, conn: Connection
) -> None:
    receipt = send(ann, task)
    assert receipt.status == 202, receipt.text
    assert validated(responses.SignalReceipt, receipt.json()) == {"taskId": task, "name": "answer"}
    assert [str(sent.task_id) for sent in queue.sent] == [task]
    assert events.owners[-1] == "1"
    run(worker, task)
    assert [event["kind"] for event in ann.get(f"/api/tasks/{task}/events").json()["items"]][3:] == [
        "waiting",
        "signal",
        "started",
        "waiting",
    ]


def test_a_second_answer_names_the_time_of_the_first(ann: Caller, operator: Caller, task: str) -> None:
    assert send(operator, task).status == 202
    again = send(ann, task, {"yes": False})
    assert (again.status, again.json()["code"]) == (409, "already_answered")
    assert again.json()["answeredAt"] in again.json()["message"]
    assert again.json()["answeredBy"] == "operator"
    validated(responses.Refusal, again.json())


def test_a_second_answer_says_whether_it_was_the_same_person(
    ann: Caller, ben: Caller, anyone: Caller, task: str, conn: Connection
) -> None:
    token = token_of(conn, task)
    assert send(ann, task).status == 202
    assert send(ann, task).json()["answeredBy"] == "you"
    for other in (send(ben, task, answerToken=token), send(anyone, task, answerToken=token)):
        assert other.json()["answeredBy"] == "other"
        assert other.json()["message"].startswith("Somebody else has answered this already")


def test_a_stranger_and_a_stranger_s_token_get_404(anyone: Caller, ben: Caller, task: str, conn: Connection) -> None:
    real, wrong = token_of(conn, task), "ask_" + "x" * 32
    assert send(ben, task).status == 404
    assert send(ben, task, name="early").status == 404
    assert send(ben, task, answerToken=wrong).status == 404
    assert send(anyone, task, answerToken=wrong).status == 404
    assert send(replace(anyone, headers={"Authorization": f"Bearer {wrong}"}), task).status == 404
    assert send(anyone, task, name="more", answerToken=real).status == 404, "a token is for one wait"
    assert send(anyone, task).status == 401
    assert send(anyone, task, answerToken="nonsense").status == 401


@pytest.mark.parametrize("in_header", [True, False])
def test_the_bearer_of_the_token_answers_once(
    anyone: Caller, task: str, conn: Connection, queue: CountedQueue, in_header: bool
) -> None:
    token = token_of(conn, task)
    caller = replace(anyone, headers={"Authorization": f"Bearer {token}"}) if in_header else anyone
    more = {} if in_header else {"answerToken": token}
    assert send(caller, task, **more).status == 202
    assert [str(sent.task_id) for sent in queue.sent] == [task]
    assert send(caller, task, **more).status == 409
    row = conn.execute("SELECT answered_by FROM agent_waits WHERE name = 'answer'").fetchone()
    assert row == {"answered_by": "answer token"}


def test_a_token_reads_nothing_else(anyone: Caller, task: str, conn: Connection) -> None:
    bearer = replace(anyone, headers={"Authorization": f"Bearer {token_of(conn, task)}"})
    for path in (f"/api/tasks/{task}", "/api/tasks", f"/api/tasks/{task}/events"):
        assert bearer.get(path).status == 401
    assert bearer.post(f"/api/tasks/{task}/cancel", {}).status == 401


def test_a_signed_in_caller_with_a_token_is_named(ben: Caller, task: str, conn: Connection) -> None:
    assert send(ben, task, answerToken=token_of(conn, task)).status == 202


def test_faults_of_the_value_are_named(ann: Caller, task: str) -> None:
    refused = send(ann, task, {"yes": "perhaps"})
    assert (refused.status, [each["field"] for each in refused.json()["errors"]]) == (400, ["value.yes"])
    bodies: tuple[Any, ...] = ({}, {"value": {"yes": True}, "extra": 1}, [], None)
    for body in bodies:
        assert ann.post(f"/api/tasks/{task}/signals/answer", body).status in (400, 413)
    assert send(ann, task, name="a(b)").status == 400
    assert send(ann, "no-task").status == 404


def test_a_signal_to_a_task_that_is_over(ann: Caller, task: str) -> None:
    assert ann.post(f"/api/tasks/{task}/cancel", {}).status == 202
    assert send(ann, task).json()["code"] == "task_over"


def test_two_answers_in_the_same_moment_make_one_decision(
    ann: Caller, services: Services, worker: Worker, db: Database, database_url: str
) -> None:
    """Two browsers approve and refuse at once, in two API containers: one decision, and both get to know it."""
    containers = [connect_as(database_url, "api") for _ in range(2)]
    for _ in range(100):
        request = TaskRequest(owner="1", type="test.waits", payload={}, by_user=False)
        task = submit(db, services.queue, worker.agents, request).task.id
        run(worker, task)
        barrier = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            pressed = [
                pool.submit(press, services, each, task, yes, barrier)
                for each, yes in zip(containers, (True, False), strict=True)
            ]
            won = [each.result() for each in pressed]
        assert sorted(won) == [False, True]
        run(worker, task)
        assert ann.get(f"/api/tasks/{task}").json()["result"]["answers"] == [{"yes": won[0]}]
    for each in containers:
        each.close()


def press(services: Services, db: Database, task: UUID, yes: bool, barrier: threading.Barrier) -> bool:
    """Answer as the route does, and return whether the answer counts."""
    barrier.wait()
    try:
        with db.row_context(row_security.caller("1")):
            answer(db, services.queue, services.events, Answerer(owner="1"), task, "answer", {"yes": yes})
    except AlreadyAnswered:
        return False
    return True


def asking(db: Database, services: Services, worker: Worker, by: str | list[str]) -> str:
    """A task of owner 1 that waits for an approval."""
    payload: dict[str, Any] = {"do": "approve", "writes": False, "by": by}
    request = TaskRequest(owner="1", type="test.waits", payload=payload, by_user=False)
    task = submit(db, services.queue, worker.agents, request).task.id
    run(worker, task)
    return str(task)


def asks_of(caller: Caller) -> list[str]:
    found = validated(responses.Asks, caller.get("/api/tasks/asks").json())
    return [ask["taskId"] for ask in found["items"]]


@pytest.mark.parametrize(
    ("by", "allowed", "forbidden"),
    [("owner", "ann", "operator"), ("operator", "operator", "ann"), (["2"], "ben", "ann"), (["2"], "ben", "operator")],
)
def test_only_those_who_are_asked_may_answer(
    request: pytest.FixtureRequest,
    db: Database,
    services: Services,
    worker: Worker,
    by: Any,
    allowed: str,
    forbidden: str,
) -> None:
    task = asking(db, services, worker, by)
    one, other = request.getfixturevalue(allowed), request.getfixturevalue(forbidden)
    assert (asks_of(one), asks_of(other)) == ([task], [])
    refused = one.post(f"/api/tasks/{task}/signals/pay", {"value": "?"})
    assert refused.status == 400
    refused = other.post(f"/api/tasks/{task}/signals/pay", {"value": True})
    assert (refused.status, refused.json()["code"]) == (403, "not_asked")
    assert one.post(f"/api/tasks/{task}/signals/pay", {"value": True}).status == 202
    assert asks_of(one) == []
    run(worker, task)


def test_the_task_shows_its_open_question(
    ann: Caller, ben: Caller, db: Database, services: Services, worker: Worker
) -> None:
    task = asking(db, services, worker, "owner")
    view = validated(responses.TaskView, ann.get(f"/api/tasks/{task}").json())
    (ask,) = view["asks"]
    assert (ask["name"], ask["kind"], ask["shown"]) == ("pay", "approval", {"amount": 5})
    assert str(ask["answerToken"]).startswith("ask_")
    assert view["waitingFor"]["kind"] == "approval"
    assert ben.get(f"/api/tasks/{task}").status == 404
    assert ann.post(f"/api/tasks/{task}/cancel", {}).status == 202
    assert asks_of(ann) == []
    assert "asks" not in ann.get(f"/api/tasks/{task}").json()


def test_the_owner_sees_a_question_to_others_without_its_token(
    ann: Caller, db: Database, services: Services, worker: Worker
) -> None:
    task = asking(db, services, worker, ["2"])
    (ask,) = ann.get(f"/api/tasks/{task}").json()["asks"]
    assert ask["answerToken"] is None


def test_a_frame_of_a_wait_carries_the_open_question(
    ann: Caller, db: Database, services: Services, worker: Worker
) -> None:
    task = asking(db, services, worker, "owner")
    start = Cursor("1:1:")
    rows, target = db.run(events.unseen, "1", start, [UUID(task)], 100)
    frames = [json.loads(frame) for frame, _ in page_of(rows, start, target, more=False).frames]
    assert [frame["task"].get("asks") is not None for frame in frames] == [False] * (len(frames) - 1) + [True]
    (ask,) = frames[-1]["task"]["asks"]
    (read,) = ann.get(f"/api/tasks/{task}").json()["asks"]
    assert ask == read
    assert ann.post(f"/api/tasks/{task}/signals/pay", {"value": True}).status == 202
    rows, target = db.run(events.unseen, "1", start, [UUID(task)], 100)
    frames = [json.loads(frame) for frame, _ in page_of(rows, start, target, more=False).frames]
    assert [frame["task"].get("asks") for frame in frames if frame["task"]["event"] == "signal"] == [None]


@pytest.mark.parametrize("deadline", [0, -1, "soon", True, "2 weeks", "400d", [], "0s"])
def test_a_deadline_that_makes_no_sense_is_a_fault(ann: Caller, deadline: Any) -> None:
    refused = ann.post("/api/tasks", {"type": "echo", "deadline": deadline})
    assert (refused.status, [each["field"] for each in refused.json()["errors"]]) == (400, ["deadline"])


def test_a_deadline_bounds_the_life_of_a_submitted_task(ann: Caller) -> None:
    for deadline, seconds in (("2h", 7_200), (90, 90)):
        task = ann.post("/api/tasks", {"type": "echo", "deadline": deadline}).json()["id"]
        view = ann.get(f"/api/tasks/{task}").json()
        life = datetime.fromisoformat(view["deadline"]) - datetime.fromisoformat(view["createdAt"])
        assert life == timedelta(seconds=seconds)
    same, other = ({"type": "echo", "deadline": deadline} for deadline in ("2h", "3h"))
    key = {"idempotency-key": "k1"}
    first, again, conflict = (ann.post("/api/tasks", body, headers=key) for body in (same, same, other))
    assert (first.json()["id"] == again.json()["id"], conflict.status) == (True, 422)
