from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from orchestrator.http.schemas import operator_responses as answers
from orchestrator.store import operator_search
from orchestrator.store.connection import Connection
from tests.support.gateway import Caller
from tests.support.queues import RecordingQueue
from tests.support.shapes import validated

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
        ("POST", "/ops/tasks/cancel"),
        ("GET", "/ops/dead-letters"),
        ("POST", "/ops/dead-letters/redrive"),
        ("POST", "/ops/dead-letters/discard"),
    ],
)
def test_operators_alone(anyone: Caller, ann: Caller, method: str, path: str) -> None:
    assert anyone.send(method, path).status == 401
    assert ann.send(method, path).status == 403


def test_everybodys_tasks(ann: Caller, ben: Caller, operator: Caller) -> None:
    of_ann, of_ben = submit(ann), submit(ben)
    page = validated(answers.OpsTaskPage, operator.get("/ops/tasks").json())
    assert [(str(item["id"]), item["owner"]) for item in page["items"]] == [(of_ben, "2"), (of_ann, "1")]
    only_ann = operator.get("/ops/tasks?owner=1&status=pending&type=echo").json()["items"]
    assert [item["id"] for item in only_ann] == [of_ann]


@pytest.mark.parametrize("filters", ["", "&status=pending", "&owner=1"])
def test_pages_follow_one_another(ann: Caller, operator: Caller, monkeypatch: pytest.MonkeyPatch, filters: str) -> None:
    monkeypatch.setattr(operator_search, "SEARCH_WINDOW", 3)
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
    monkeypatch.setattr(operator_search, "SEARCH_WINDOW", 3)
    oldest = submit(ann)
    ann.post(f"/api/tasks/{oldest}/cancel")
    for _ in range(7):
        submit(ann)
    page = operator.get("/ops/tasks?status=cancelled").json()
    assert page["items"] == []
    while not page["items"]:
        page = operator.get(f"/ops/tasks?status=cancelled&cursor={page['nextCursor']}").json()
    assert [item["id"] for item in page["items"]] == [oldest]


def test_the_task_detail_is_complete(ann: Caller, operator: Caller, conn: Connection) -> None:
    task = submit(ann)
    answer = operator.get(f"/ops/tasks/{task}")
    task_detail = validated(answers.TaskDetail, answer.json())
    assert (task_detail["owner"], task_detail["why"]["reason"]) == ("1", "queued")
    assert [event["kind"] for event in task_detail["events"]] == ["submitted"]
    kill(conn, task)
    dead = operator.get(f"/ops/tasks/{task}").json()
    assert dead["errorDetail"]["message"] == "boom at line 7"
    assert dead["why"]["reason"] == "dead-letter"
    assert "boom" not in ann.get(f"/api/tasks/{task}").text
    assert operator.get(f"/ops/tasks/{uuid4()}").status == 404


def test_of_a_long_history_the_newest_is_returned_and_a_reader_goes_on(
    ann: Caller, operator: Caller, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.http.routes.operator_tasks.MOST_EVENTS", 10)
    task = submit(ann)
    conn.execute(
        "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)"
        " SELECT %s, n, 1, 'progress', 'processing', '1', NULL FROM generate_series(2, 25) AS n",
        (task,),
    )

    def seqs(query: str = "") -> tuple[list[int], bool]:
        shown = validated(answers.TaskDetail, operator.get(f"/ops/tasks/{task}{query}").json())
        return [event["seq"] for event in shown["events"]], shown["eventsTruncated"]

    assert seqs() == (list(range(16, 26)), True)
    assert seqs("?after=0") == (list(range(1, 11)), True)
    assert seqs("?after=15") == (list(range(16, 26)), False)
    assert seqs("?after=25") == ([], False)
    assert operator.get(f"/ops/tasks/{task}?after=x").status == 400
    monkeypatch.setattr("orchestrator.http.serializers.LARGEST_LIST", 300)
    assert seqs()[0][-1] == 25, "what an answer cannot carry is left off at the old end"
    assert seqs("?after=0")[0][0] == 1


def test_cancel_and_retry(ann: Caller, operator: Caller, conn: Connection, queue: RecordingQueue) -> None:
    task = submit(ann)
    assert operator.post(f"/ops/tasks/{task}/retry").status == 409
    kill(conn, task)
    assert operator.post(f"/ops/tasks/{task}/cancel").status == 409
    answer = operator.post(f"/ops/tasks/{task}/retry")
    view = validated(answers.OpsTask, answer.json())
    assert (answer.status, view["status"], view["attempts"]) == (202, "pending", 0)
    assert queue.ids.count(UUID(task)) == 2
    assert operator.post(f"/ops/tasks/{task}/cancel").json()["status"] == "cancelled"
    for action in ("cancel", "retry"):
        assert operator.post(f"/ops/tasks/{uuid4()}/{action}").status == 404
        assert operator.post(f"/ops/tasks/nonsense/{action}").status == 404
    assert operator.get(f"/ops/tasks/{UUID(task).hex}").json()["id"] == task, "an id without its hyphens is one too"
