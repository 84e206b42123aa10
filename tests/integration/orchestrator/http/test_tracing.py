"""One trace from the browser's request to the push; and nothing of it where no collector is configured."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from orchestrator.engine.agents import Agents
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.live.frames import page_of
from orchestrator.entrypoints.sqs import traced
from orchestrator.http.app import Services
from orchestrator.model.cursor import Cursor
from orchestrator.observability import tracing
from orchestrator.observability.otlp_exporter import Recorder
from orchestrator.store import children, events, row_security
from orchestrator.store.connection import Connection, Database
from tests.support.engine import LEDGER
from tests.support.gateway import Caller
from tests.support.queues import RecordingQueue

BROWSER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = BROWSER.split("-")[1]


@pytest.fixture
def spans() -> Iterator[list[ReadableSpan]]:
    kept: list[ReadableSpan] = []

    def keep(ended: Sequence[ReadableSpan]) -> None:
        kept.extend(ended)

    tracing.record_with(Recorder(keep, version="1", environment="local"))
    yield kept
    tracing.record_with(None)


@pytest.fixture
def worker(services: Services, worker_db: Database, db: Database) -> Worker:
    return Worker(
        name="w",
        db=worker_db,
        side=db,
        queue=RecordingQueue(),
        dead_letters=RecordingQueue(),
        events=services.events,
        agents=Agents("tests.support.agents", "playmate.agents"),
        flags=services.flags,
    )


def run(worker: Worker, task_id: str) -> None:
    message = Message(str(uuid4()), "r", UUID(task_id))
    assert run_batch(worker, [message], lambda: 60.0) == []


def test_request_queue_handler_and_push_are_one_trace(
    ann: Caller, services: Services, worker: Worker, spans: list[ReadableSpan]
) -> None:
    accepted = ann.post("/api/tasks", {"type": "echo", "payload": {"a": 1}}, headers={"traceparent": BROWSER})
    task_id = accepted.json()["id"]
    run(worker, task_id)
    sent = services.queue.sent[0].traceparent  # type: ignore[attr-defined] # a recorded queue
    notification = {"messageAttributes": {"traceparent": {"stringValue": sent}}, "body": '{"v":1,"owner":"1"}'}
    with traced("push", {"Records": [notification]}):
        pass
    tracing.flush()
    names = {span.name: span for span in spans}
    assert set(names) == {"POST /api/tasks", "submit echo", "run echo", "push"}
    assert {f"{span.get_span_context().trace_id:032x}" for span in spans} == {TRACE}  # type: ignore[union-attr] # ended
    parents = {name: span.parent and f"{span.parent.span_id:016x}" for name, span in names.items()}
    own = {name: f"{span.get_span_context().span_id:016x}" for name, span in names.items()}  # type: ignore[union-attr] # ended
    assert parents["POST /api/tasks"] == BROWSER.split("-")[2]
    assert parents["submit echo"] == own["POST /api/tasks"]
    assert parents["run echo"] == parents["push"] == own["submit echo"]
    assert ann.get(f"/api/tasks/{task_id}").json()["traceId"] == TRACE


def test_steps_and_children_belong_to_it(
    services: Services, worker: Worker, spans: list[ReadableSpan], conn: Connection
) -> None:
    from orchestrator.engine.submit import TaskRequest, submit

    order = TaskRequest(owner="1", type="test.family", payload={"children": [{}]}, traceparent=BROWSER, by_user=False)
    conn.execute(LEDGER)
    task = submit(worker.side, worker.queue, worker.agents, order).task
    run(worker, str(task.id))
    (child,) = worker.db.run(children.children, task.id)
    run(worker, str(child.id))
    run(worker, str(task.id))
    tracing.flush()
    assert sorted(span.name for span in spans) == [
        "run test.effect",
        "run test.family",
        "run test.family",
        "step first",
        "submit test.family",
    ]
    assert {span.context.trace_id for span in spans} == {int(TRACE, 16)}
    by_id = {span.context.span_id: span.name for span in spans}
    parent_of = {
        span.name: by_id[span.parent.span_id] for span in spans if span.parent and span.parent.span_id in by_id
    }
    assert parent_of["run test.effect"] == "run test.family"
    assert parent_of["step first"] == "run test.family"


def test_without_a_collector_the_trace_id_still_travels(ann: Caller, services: Services) -> None:
    accepted = ann.post("/api/tasks", {"type": "echo"}, headers={"traceparent": BROWSER})
    assert services.queue.sent[0].traceparent == BROWSER  # type: ignore[attr-defined] # a recorded queue
    assert accepted.json()["traceId"] == TRACE
    assert ann.get(f"/api/tasks/{accepted.json()['id']}").json()["traceId"] == TRACE


def test_a_refusal_names_its_trace(ann: Caller) -> None:
    refused = ann.post("/api/tasks", {"type": "no.such"}, headers={"traceparent": BROWSER})
    assert (refused.status, refused.json()["traceId"]) == (400, TRACE)
    begun = ann.post("/api/tasks", {"type": "no.such"}, headers={"traceparent": f"{BROWSER}\n"}).json()["traceId"]
    assert re.fullmatch("[0-9a-f]{32}", begun)
    assert begun != TRACE


def test_frames_bear_the_trace(ann: Caller, services: Services) -> None:
    ann.post("/api/tasks", {"type": "echo"}, headers={"traceparent": BROWSER})
    with services.db.row_context(row_security.owner("1")):
        rows, target = services.db.run(events.unseen, "1", Cursor("1:1:"), None, 10)
    (frame, _), *_ = page_of(rows, Cursor("1:1:"), target, more=False).frames
    assert json.loads(frame)["task"]["traceId"] == TRACE


def test_an_open_span_of_the_caller_is_not_taken_for_the_engine_s() -> None:
    assert tracing.current() is None
    with tracing.span("nothing", parent=BROWSER) as handed_on:
        assert handed_on == BROWSER
    assert "orchestrator.observability.tracing" in sys.modules
