"""Every function sends its spans to the collector, from a container's first invocation on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast

import pytest

from functions.api import app as api
from functions.push import app as push
from functions.websocket import app as websocket
from functions.worker import app as worker
from orchestrator import bootstrap
from orchestrator.aws.queues import EventQueue
from orchestrator.aws.signed_requests import SignedEndpoint
from orchestrator.observability import tracing
from tests.integration.functions.conftest import delivered
from tests.support.database_users import forget_everything
from tests.support.gateway import LambdaContext, http_event

CONTEXT = cast("Any", LambdaContext(remaining_ms=60_000))
BROWSER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER = "00-11112222333344445555666677778888-00f067aa0ba902b7-01"

Spans = list[dict[str, Any]]
Cold = Callable[[], None]


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """The spans that a collector at OTLP_ENDPOINT receives."""
    spans: Spans = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            spans.extend(body["resourceSpans"][0]["scopeSpans"][0]["spans"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield spans
        server.shutdown()
    tracing.record_with(None)


@pytest.fixture
def cold(stack: dict[str, str], collected: Spans) -> Cold:
    """Makes the next invocation the first of its container."""

    def forget() -> None:
        bootstrap.database().close()
        forget_everything()
        tracing.record_with(None)

    forget()
    return forget


def request(path: str, data: object = None, **headers: str) -> Any:
    event = http_event("POST", path, body=json.dumps(data), headers=headers)
    return json.loads(api.handler(event, CONTEXT)["body"])


def listen(ticket: str) -> None:
    connection = {"requestContext": {"connectionId": "c1", "routeKey": "$connect"}}
    websocket.handler({**connection, "queryStringParameters": {"ticket": ticket}}, CONTEXT)
    said = {"requestContext": {"connectionId": "c1", "routeKey": "$default"}, "body": '{"action": "subscribe"}'}
    websocket.handler(said, CONTEXT)


def test_the_first_invocations_of_all_are_in_the_trace(
    stack: dict[str, str], collected: Spans, cold: Cold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SignedEndpoint, "request", lambda *_, **__: None)
    family = {"name": "Ann", "email": "ann@example.org", "password": "correct horse battery"}
    token = f"Bearer {request('/auth/signup', family)['accessToken']}"
    listen(request("/api/realtime/ticket", Authorization=token)["ticket"])
    cold()
    collected.clear()
    accepted = request("/api/tasks", {"type": "echo"}, Authorization=token, traceparent=BROWSER)
    cold()
    assert worker.handler(delivered(stack["TASK_QUEUE_URL"]), CONTEXT) == {"batchItemFailures": []}
    cold()
    assert push.handler(delivered(stack["EVENT_QUEUE_URL"]), CONTEXT) == {"batchItemFailures": []}
    assert {span["name"] for span in collected} == {"POST /api/tasks", "submit echo", "run echo", "push"}
    assert {span["traceId"] for span in collected} == {accepted["traceId"]} == {BROWSER.split("-")[1]}


def test_one_push_is_in_every_trace_of_its_events(stack: dict[str, str], collected: Spans, cold: Cold) -> None:
    EventQueue(stack["EVENT_QUEUE_URL"]).announce([("1", BROWSER), ("1", OTHER), ("2", BROWSER)])
    push.handler(delivered(stack["EVENT_QUEUE_URL"]), CONTEXT)
    assert sorted((span["name"], span["traceId"]) for span in collected) == [
        ("push", OTHER.split("-")[1]),
        ("push", BROWSER.split("-")[1]),
    ]
