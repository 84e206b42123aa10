"""Metrics are one line per type and invocation, and none where nothing happened."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from orchestrator.entrypoints.lambda_handler import InvocationFailed, entry
from orchestrator.observability import metrics, tracing
from tests.support.gateway import LambdaContext


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    metrics.forget()
    yield
    metrics.forget()


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{"))
    return [line for line in lines if "_aws" in line]


def test_a_gauge_that_stays_zero_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch bills a metric for each hour in which it gets a value."""
    seen = []
    for value in (0, 2, 0, 0, 3):
        metrics.count("Started")
        metrics.gauge("Due", value)
        metrics.flush()
        (line,) = printed(capsys)
        seen.append(line.get("Due"))
    assert seen == [None, [2.0], [0.0], None, [3.0]]


def test_one_line_for_each_type_with_sums_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    for seconds in (0.010, 0.020):
        metrics.count("Started", "echo")
        metrics.took("HandlerTime", seconds, "echo")
    metrics.count("Started", "friend.ask", by=3)
    metrics.flush()
    echo, ask = printed(capsys)
    assert (echo["type"], echo["Started"], echo["HandlerTime"]) == ("echo", [2.0], [10.0, 20.0])
    assert (ask["type"], ask["Started"]) == ("friend.ask", [3.0])
    (directive,) = echo["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"], ["service", "type"]]
    assert directive["Namespace"] == "AgentOrchestrator"
    metrics.flush()
    assert printed(capsys) == []


def test_an_invocation_prints_its_metrics_at_its_end_even_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    @entry
    def fails(event: Any, context: Any) -> None:
        metrics.count("Started", "echo")
        raise RuntimeError("broken")

    with pytest.raises(InvocationFailed):
        fails({}, LambdaContext(function_name="fresh"))  # type: ignore[arg-type] # has what we use of it
    lines = printed(capsys)
    assert [line.get("type") for line in lines] == [None, "echo"]
    assert lines[0]["ColdStart"] == [1.0]


def test_a_line_never_outgrows_the_format(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(5_000):
        metrics.took("QueueWait", 0.001, "echo")
    metrics.flush()
    assert all(len(line["QueueWait"]) <= 100 for line in printed(capsys))


@pytest.fixture
def collector() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    received: list[dict[str, Any]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()
    tracing.configure("", version="", environment="")


def test_spans_reach_a_collector(collector: tuple[str, list[dict[str, Any]]]) -> None:
    address, received = collector
    tracing.configure(address, version="7", environment="local")
    with tracing.span("outer", task_type="echo", task_attempt=2), tracing.span("inner"):
        pass
    tracing.flush()
    tracing.flush()
    (sent,) = received
    resource = sent["resourceSpans"][0]
    assert {"key": "service.version", "value": {"stringValue": "7"}} in resource["resource"]["attributes"]
    inner, outer = resource["scopeSpans"][0]["spans"]
    assert inner["parentSpanId"] == outer["spanId"]
    assert {"key": "task.attempt", "value": {"intValue": "2"}} in outer["attributes"]
    assert int(outer["endTimeUnixNano"]) >= int(inner["endTimeUnixNano"])


def test_a_collector_that_is_away_costs_a_log_line() -> None:
    tracing.configure("http://127.0.0.1:9", version="7", environment="local")
    with tracing.span("outer"):
        pass
    tracing.flush()
    tracing.configure("", version="", environment="")
