from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.http.schemas import responses
from orchestrator.store.connection import Connection
from tests.support.gateway import Answer, Caller
from tests.support.queues import RecordingEvents, RecordingQueue
from tests.support.shapes import validated

#: No task has it; the same in every process, so that workers agree on the tests' names.
NOBODYS = "377e572d-f83e-4446-981b-db8c58cb1a46"


def submit_echo(caller: Caller, **more: Any) -> str:
    answer = caller.post("/api/tasks", {"type": "echo", "payload": {"hello": "world"}, **more})
    assert answer.status == 202, answer.text
    return str(answer.json()["id"])


def faults(answer: Answer) -> set[str]:
    assert answer.status == 400, answer.text
    return {fault["field"] for fault in answer.json()["faults"]}


class TestSubmit:
    def test_accepted_stored_and_sent(self, ann: Caller, queue: RecordingQueue) -> None:
        answer = ann.post("/api/tasks", {"type": "echo", "payload": {"a": [1, None, "é"]}, "maxAttempts": 5})
        receipt = validated(responses.TaskReceipt, answer.json())
        assert (answer.status, receipt["status"], receipt["attempts"], receipt["maxAttempts"]) == (202, "pending", 0, 5)
        assert [str(wake.task_id) for wake in queue.sent] == [receipt["id"]]
        assert queue.sent[0].owner == "1"

    def test_a_given_trace_goes_with_the_task_message(self, ann: Caller, queue: RecordingQueue) -> None:
        trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        task = ann.post("/api/tasks", {"type": "echo"}, headers={"traceparent": trace}).json()["id"]
        assert queue.sent[0].traceparent == trace
        assert ann.get(f"/api/tasks/{task}").json()["traceId"] == "a" * 32

    def test_every_request_without_a_trace_begins_one(self, ann: Caller, queue: RecordingQueue) -> None:
        submit_echo(ann)
        assert queue.sent[0].traceparent is not None

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"type": "no.such"}, {"type"}),
            ({"type": "../echo"}, {"type"}),
            ({"type": "echo\u0000"}, {"body"}),
            ({"type": ""}, {"type"}),
            ({"type": "x" * 101}, {"type"}),
            ({"type": "friend.recommendations", "payload": {"friendId": 2}}, {"type"}),
            ({"type": "echo", "payload": []}, {"payload"}),
            ({"type": "echo", "maxAttempts": 0}, {"maxAttempts"}),
            ({"type": "echo", "maxAttempts": 21}, {"maxAttempts"}),
            ({"type": "echo", "maxAttempts": "3"}, {"maxAttempts"}),
            ({"type": "echo", "maxAttempts": True}, {"maxAttempts"}),
            ({"type": "echo", "maxAttempts": 10**400}, {"maxAttempts"}),
            ({"type": "echo", "scheduleAt": "soon"}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": "2030-01-01T00:00:00"}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": "9999-12-31T23:59:59-12:00"}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": "0001-01-01T00:00:00+12:00"}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": 1893456000}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": "1796000000"}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": "1796000000.5"}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": " 1796000000 "}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": "1e9"}, {"scheduleAt"}),
            ({"type": "echo", "scheduleAt": "2100-01-01T00:00:00Z"}, {"scheduleAt"}),
            ({"type": "echo", "ownerId": "2"}, {"ownerId"}),
            ({"payload": {}}, {"type"}),
            ({}, {"type"}),
        ],
        ids=str,
    )
    def test_faults_are_named(
        self, ann: Caller, queue: RecordingQueue, body: dict[str, Any], expected: set[str]
    ) -> None:
        assert faults(ann.post("/api/tasks", body)) == expected
        assert queue.sent == []

    def test_three_faults_of_a_payload_are_all_named(self, ann: Caller) -> None:
        payload = {"latitude": "north", "longitude": None, "altitude": 3}
        answer = ann.post("/api/tasks", {"type": "location.playdate.update", "payload": payload})
        assert faults(answer) == {"payload.latitude", "payload.longitude", "payload.altitude"}

    def test_faults_of_the_request_and_of_its_payload_are_named_together(self, ann: Caller) -> None:
        body = {"type": "location.playdate.update", "payload": {"latitude": "north"}, "maxAttempts": 99, "extra": 1}
        named = faults(ann.post("/api/tasks", body))
        assert named == {"maxAttempts", "extra", "payload.latitude", "payload.longitude"}

    @pytest.mark.parametrize("value", [10**300, -(10**18), 1e308, "😀", {"deep": [[[{}]]]}, False], ids=repr)
    def test_any_json_is_an_echo(self, ann: Caller, value: object) -> None:
        assert ann.post("/api/tasks", {"type": "echo", "payload": {"value": value}}).status == 202

    def test_the_same_key_is_the_same_task(self, ann: Caller, ben: Caller) -> None:
        key = {"Idempotency-Key": "k-1"}
        body = {"type": "echo", "payload": {"n": 1}}
        first = ann.post("/api/tasks", body, headers=key).json()["id"]
        assert ann.post("/api/tasks", body, headers=key).json()["id"] == first
        assert ann.post("/api/tasks", {**body, "payload": {"n": 2}}, headers=key).status == 422
        assert ben.post("/api/tasks", body, headers=key).json()["id"] != first

    def test_a_schedule_beyond_the_queues_delay_waits_in_the_database(self, ann: Caller, queue: RecordingQueue) -> None:
        due = datetime.now(UTC) + timedelta(days=365)
        task = submit_echo(ann, scheduleAt=due.isoformat())
        assert queue.sent == []
        assert ann.get(f"/api/tasks/{task}").json()["nextRunAt"][:16] == due.isoformat()[:16]


class TestReadTask:
    def test_one(self, ann: Caller) -> None:
        answer = ann.get(f"/api/tasks/{submit_echo(ann)}")
        view = validated(responses.TaskView, answer.json())
        assert (view["type"], view["status"], view["result"], view["error"]) == ("echo", "pending", None, None)

    def test_anothers_is_not_there(self, ann: Caller, ben: Caller, operator: Caller) -> None:
        task = submit_echo(ann)
        for caller in (ben, operator):
            assert caller.get(f"/api/tasks/{task}").status == 404
            assert caller.get(f"/api/tasks/{task}/events").status == 404
            assert caller.post(f"/api/tasks/{task}/cancel").status == 404
            assert caller.get("/api/tasks").json()["items"] == []

    @pytest.mark.parametrize("name", ["1", "abc", "x" * 36, NOBODYS, "{}", "0" * 32, "a\0b", "é"])
    def test_invalid_tasks(self, ann: Caller, name: str) -> None:
        for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
            assert ann.send(method, f"/api/tasks/{name}{path}").status == 404

    def test_events_in_order_and_after_a_seq(self, ann: Caller) -> None:
        task = submit_echo(ann)
        ann.post(f"/api/tasks/{task}/cancel")
        page = validated(responses.TaskEvents, ann.get(f"/api/tasks/{task}/events").json())
        assert [(event["seq"], event["kind"]) for event in page["items"]] == [(1, "submitted"), (2, "cancelled")]
        later = ann.get(f"/api/tasks/{task}/events?after=1").json()["items"]
        assert [event["seq"] for event in later] == [2]
        assert ann.get(f"/api/tasks/{task}/events?after=99").json() == {"items": []}

    def test_a_long_history_is_read_in_turns(self, ann: Caller, conn: Connection) -> None:
        task = submit_echo(ann)
        conn.execute(
            "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)"
            " SELECT %s, n, 1, 'progress', 'processing', '1', jsonb_build_object('progress',"
            " jsonb_build_object('message', repeat('x', 30000))) FROM generate_series(2, 130) n",
            [task],
        )
        seen: list[int] = []
        while items := ann.get(f"/api/tasks/{task}/events?after={seen[-1] if seen else 0}").json()["items"]:
            assert len(items) < 50
            seen += [item["seq"] for item in items]
        assert seen == list(range(1, 131))

    @pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 30, ""])
    def test_a_bad_after_is_a_fault(self, ann: Caller, after: str) -> None:
        assert faults(ann.get(f"/api/tasks/{submit_echo(ann)}/events?after={after}")) == {"after"}


class TestList:
    def test_pages_follow_one_another_newest_first(self, ann: Caller) -> None:
        made = [submit_echo(ann) for _ in range(5)]
        seen: list[str] = []
        cursor = ""
        while True:
            answer = ann.get(f"/api/tasks?limit=2{cursor}")
            page = validated(responses.TaskPage, answer.json())
            seen += [str(item["id"]) for item in page["items"]]
            if page["nextCursor"] is None:
                break
            cursor = f"&cursor={page['nextCursor']}"
        assert seen == made[::-1]

    def test_by_status_and_type(self, ann: Caller) -> None:
        cancelled, waiting = submit_echo(ann), submit_echo(ann)
        ann.post(f"/api/tasks/{cancelled}/cancel")

        def listed(query: str) -> list[str]:
            return [item["id"] for item in ann.get(f"/api/tasks?{query}").json()["items"]]

        assert listed("status=cancelled") == [cancelled]
        assert listed("status=pending&type=echo") == [waiting]
        assert listed("type=friend.ask") == []

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("limit=abc", {"limit"}),
            ("limit=0", {"limit"}),
            ("limit=101", {"limit"}),
            ("cursor=abc", {"cursor"}),
            ("cursor=%00", {"cursor"}),
            ("status=done", {"status"}),
            ("type=", {"type"}),
            ("type=%00", {"type"}),
            ("limit=x&cursor=y&status=z", {"limit", "cursor", "status"}),
        ],
    )
    def test_a_bad_query_is_a_fault(self, ann: Caller, query: str, expected: set[str]) -> None:
        assert faults(ann.get(f"/api/tasks?{query}")) == expected

    def test_a_large_result_is_left_to_its_own_route(self, ann: Caller, conn: Connection) -> None:
        task = submit_echo(ann)
        conn.execute(
            "UPDATE agent_tasks SET status = 'processing', token = 1, leased_until = now() WHERE id = %s", [task]
        )
        conn.execute(
            "UPDATE agent_tasks SET status = 'completed', token = NULL, leased_until = NULL, wake_at = NULL,"
            " finished_at = now(), result = jsonb_build_object('x', repeat('x', 20000)) WHERE id = %s",
            [task],
        )
        (item,) = ann.get("/api/tasks").json()["items"]
        assert (item["result"], item["resultTruncated"]) == (None, True)
        assert len(ann.get(f"/api/tasks/{task}").json()["result"]["x"]) == 20_000


class TestCancel:
    def test_at_once_while_it_waits(self, ann: Caller, events: RecordingEvents) -> None:
        answer = ann.post(f"/api/tasks/{submit_echo(ann)}/cancel")
        view = validated(responses.TaskView, answer.json())
        assert (answer.status, view["status"]) == (202, "cancelled")
        assert "1" in events.owners

    def test_ended_tasks_stay_ended(self, ann: Caller) -> None:
        task = submit_echo(ann)
        ann.post(f"/api/tasks/{task}/cancel")
        assert ann.post(f"/api/tasks/{task}/cancel").status == 409


def test_a_ticket_is_complete(ann: Caller) -> None:
    answer = ann.post("/api/realtime/ticket")
    ticket = validated(responses.Ticket, answer.json())
    assert answer.status == 200
    assert ticket["url"] == f"wss://socket.example/live?ticket={ticket['ticket']}"
    assert ticket["expiresIn"] == 60


def test_no_route_opens_without_a_token(anyone: Caller) -> None:
    for method, path in (
        ("POST", "/api/tasks"),
        ("GET", "/api/tasks"),
        ("GET", f"/api/tasks/{NOBODYS}"),
        ("GET", f"/api/tasks/{NOBODYS}/events"),
        ("POST", f"/api/tasks/{NOBODYS}/cancel"),
        ("POST", "/api/realtime/ticket"),
        ("GET", "/ops/stats"),
        ("POST", "/ops/dead-letters/redrive"),
    ):
        assert anyone.send(method, path).status == 401


class TestStreams:
    """The text that a running handler writes."""

    def written(self, ann: Caller, conn: Connection) -> str:
        task = submit_echo(ann)
        conn.execute(
            "INSERT INTO agent_task_chunks (task_id, stream, generation, start, owner_id, text)"
            " VALUES (%s, 'answer #2', 2, 0, '1', 'Good '), (%s, 'answer #2', 2, 5, '1', 'day')",
            (task, task),
        )
        return f"/api/tasks/{task}/streams/answer%20%232"

    def test_the_text_after_an_offset(self, ann: Caller, conn: Connection) -> None:
        path = self.written(ann, conn)
        answer = ann.get(path)
        whole = validated(responses.StreamText, answer.json())
        assert (answer.status, whole) == (200, {"generation": 2, "offset": 0, "text": "Good day", "done": False})
        assert ann.get(f"{path}?after=6").json() == {"generation": 2, "offset": 6, "text": "ay", "done": False}
        assert ann.get(f"{path}?after=100").json()["text"] == ""

    def test_another_owner_or_another_name_finds_nothing(self, ann: Caller, ben: Caller, conn: Connection) -> None:
        path = self.written(ann, conn)
        assert ben.get(path).status == 404
        assert ann.get(path.replace("answer", "question")).status == 404
        assert ann.get(f"{path}%00").status == 404
        assert ann.get(f"/api/tasks/{NOBODYS}/streams/answer").status == 404

    def test_an_unfit_offset_is_named(self, ann: Caller, conn: Connection) -> None:
        assert faults(ann.get(f"{self.written(ann, conn)}?after=-1")) == {"after"}
