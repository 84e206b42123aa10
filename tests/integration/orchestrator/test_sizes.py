"""No row is too large for the answers and frames that show it: stored rows and the reads of lists are bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.engine.live import subscriptions
from orchestrator.engine.live.frames import LARGEST_FRAME, page_of
from orchestrator.model.cursor import Cursor
from orchestrator.model.states import Status
from orchestrator.model.task import ListedTask
from orchestrator.store.connection import Connection
from orchestrator.store.events import FeedEvent
from tests.support.engine import Engine
from tests.support.gateway import Answer, Caller

#: Bytes of an answer that Lambda carries.
LAMBDA_LIMIT = 6_291_556
#: Bytes of a frame that API Gateway carries.
GATEWAY_LIMIT = 128 * 1024
#: Rows as an earlier version could write them: fields of any size.
FAILED = """
INSERT INTO agent_tasks (id, owner_id, type, payload, status, due_at, finished_at, progress, error)
SELECT ('0191' || lpad(n::text, 28, '0'))::uuid, '1', 'echo', '{}', 'failed', now(), now(),
       jsonb_build_object('message', repeat('p', 70000)),
       jsonb_build_object('kind', 'refused', 'fingerprint', 'f1', 'message', repeat(U&'\\+01F600', 70000))
FROM generate_series(1, 100) n
"""
COMPLETED = """
INSERT INTO agent_tasks (id, owner_id, type, payload, status, due_at, finished_at, result)
SELECT ('0192' || lpad(n::text, 28, '0'))::uuid, '1', 'echo', '{}', 'completed', now(), now(),
       jsonb_build_object('numbers', (SELECT jsonb_agg(1e308::numeric) FROM generate_series(1, 5000)))
FROM generate_series(1, 50) n
"""
SMALL_BUT_MANY = """
INSERT INTO agent_tasks (id, owner_id, type, payload, status, due_at, finished_at, progress, result)
SELECT ('0193' || lpad(n::text, 28, '0'))::uuid, '1', 'echo', '{}', 'completed', now(), now(),
       jsonb_build_object('message', repeat(U&'\\+01F600', 1000)),
       jsonb_build_object('text', repeat(U&'\\+01F600', 4000))
FROM generate_series(1, 100) n
"""
DEAD = """
INSERT INTO agent_tasks (id, owner_id, type, payload, status, due_at, finished_at, dead_at, wake_at, error)
SELECT ('0194' || lpad(n::text, 28, '0'))::uuid, '1', 'echo', '{}', 'dead-letter', now(), now(), now(), now(),
       jsonb_build_object('kind', 'transient', 'fingerprint', 'f1', 'message', repeat('x', 200000))
FROM generate_series(1, 100) n
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


def sent(answer: Answer) -> int:
    """Return the bytes that Lambda sends for an answer: its body is escaped as a JSON string."""
    return len(json.dumps({"statusCode": 200, "body": json.dumps(answer.json(), separators=(",", ":"))}))


@pytest.mark.parametrize("rows", [FAILED, COMPLETED, SMALL_BUT_MANY, DEAD], ids=["failed", "numbers", "many", "dead"])
@pytest.mark.parametrize(
    "path", ["/api/tasks", "/ops/tasks", "/ops/tasks?order=ended", "/ops/dead-letters", "/ops/tasks?state=dead"]
)
def test_no_row_breaks_a_list(conn: Connection, ann: Caller, operator: Caller, rows: str, path: str) -> None:
    conn.execute(rows.encode())
    caller = operator if path.startswith("/ops") else ann
    separator = "&" if "?" in path else "?"
    answer = caller.get(f"{path}{separator}limit=100")
    assert answer.status == 200
    assert sent(answer) < LAMBDA_LIMIT


def test_a_page_that_is_cut_leads_on_to_every_task(conn: Connection, ann: Caller, operator: Caller) -> None:
    conn.execute(SMALL_BUT_MANY.encode())
    for caller, path in ((ann, "/api/tasks?limit=100"), (operator, "/ops/tasks?limit=100&order=ended")):
        seen: list[str] = []
        cursor = ""
        while True:
            page = caller.get(f"{path}{cursor}").json()
            seen += [item["id"] for item in page["items"]]
            if page["nextCursor"] is None:
                break
            cursor = f"&cursor={page['nextCursor']}"
        assert len(seen) == len(set(seen)) == 100


ACTIONS = """
INSERT INTO operator_actions (actor, action, detail)
SELECT 'o', 'redrive', jsonb_build_object('ids', (SELECT jsonb_agg(gen_random_uuid()) FROM generate_series(1, 1000)),
                                          'reason', repeat(U&'\\+01F600', 2000))
FROM generate_series(1, 100)
"""


def test_the_list_of_actions_is_cut_and_leads_on_to_every_one(conn: Connection, operator: Caller) -> None:
    conn.execute(ACTIONS.encode())
    seen: list[int] = []
    cursor = ""
    while True:
        answer = operator.get(f"/ops/audit?limit=100{cursor}")
        assert sent(answer) < LAMBDA_LIMIT
        page = answer.json()
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert len(seen) == len(set(seen)) == 100


def test_a_list_has_no_payload() -> None:
    names = {name for base in ListedTask.__mro__ for name in getattr(base, "__slots__", ())}
    assert "result" in names
    assert "payload" not in names


def test_numbers_that_postgres_writes_out_are_measured_so(ann: Caller) -> None:
    small = ann.post("/api/tasks", {"type": "echo", "payload": {"n": [1e308] * 100}})
    assert small.status == 202
    large = ann.post("/api/tasks", {"type": "echo", "payload": {"n": [1e308] * 20_000}})
    assert large.status == 400
    assert [fault["field"] for fault in large.json()["faults"]] == ["payload"]


def event(**fields: Any) -> FeedEvent:
    return FeedEvent(
        **{
            "seq": 3,
            "kind": "failed",
            "status": Status.FAILED,
            "attempts": 1,
            "data": None,
            "created_at": datetime.now(UTC),
            "task_id": UUID(int=1),
            "type": "echo",
            "max_attempts": 3,
            "traceparent": None,
            "result": None,
            "result_truncated": False,
            **fields,
        }
    )


LARGE = "\U0001f600" * 50_000


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("error", {"data": {"error": {"kind": "refused", "message": LARGE}}}),
        ("step", {"kind": "step", "status": Status.PROCESSING, "data": {"step": LARGE}}),
        ("progress", {"kind": "progress", "status": Status.PROCESSING, "data": {"progress": {"message": LARGE}}}),
        ("result", {"kind": "completed", "status": Status.COMPLETED, "result": {"text": LARGE}}),
    ],
)
def test_every_field_of_a_frame_is_bounded(name: str, fields: dict[str, Any]) -> None:
    ((frame, _),) = page_of([event(**fields)], Cursor("1:1:"), "2:2:", more=False).frames
    assert len(frame) <= LARGEST_FRAME
    assert json.loads(frame)["task"][f"{name}Truncated"] is True


class StrictGateway(Sockets):
    """Refuses each frame about one task unless it is a replacement."""

    def __init__(self) -> None:
        super().__init__("gateway")
        self.refused_id = ""
        self.frames: list[dict[str, Any]] = []

    def post(self, connection_id: str, data: bytes) -> Delivery:
        assert len(data) <= GATEWAY_LIMIT
        frame = json.loads(data)
        if frame.get("task", {}).get("id") == self.refused_id and "undeliverable" not in frame["task"]:
            return Delivery.REFUSED
        self.frames.append(frame)
        return Delivery.SENT

    def delete(self, connection_id: str) -> None: ...


def test_an_undeliverable_frame_is_replaced_and_the_feed_goes_on(engine: Engine) -> None:
    gateway = StrictGateway()
    ticket = subscriptions.issue_ticket(engine.db, "1", 4_000_000_000)
    subscriptions.connect(engine.db, gateway, ticket, "tab")
    subscriptions.subscribe(engine.db, gateway, "tab", None, None)
    bad, good = engine.submit("test.noop"), engine.submit("test.noop")
    gateway.refused_id = str(bad.id)
    subscriptions.push(engine.db, gateway, ["1"])
    pushed = {frame["task"]["id"]: frame["task"] for frame in gateway.frames if frame["type"] == "task-update"}
    assert pushed[str(bad.id)]["undeliverable"] is True
    assert "undeliverable" not in pushed[str(good.id)]
    before = len(gateway.frames)
    subscriptions.push(engine.db, gateway, ["1"])
    assert len(gateway.frames) == before, "nothing is sent twice"
