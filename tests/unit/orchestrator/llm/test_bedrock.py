"""The adapter for Amazon Bedrock, with botocore against a server that sends its event stream."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from orchestrator.aws import clients
from orchestrator.llm import (
    BedrockModel,
    Finished,
    Message,
    ModelError,
    ModelRequest,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from orchestrator.model.errors import RetryAfter

Events = list[tuple[str, dict[str, Any]]]
TEXT: Events = [
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Good "}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "day"}}),
    ("metadata", {"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, "metrics": {"latencyMs": 1}}),
]
CALL: Events = [
    ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t1", "name": "price"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"city"'}}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": ': "Oslo"}'}}}),
    TEXT[-1],
]


class Service:
    """A server with the Converse API: it sends `events`, or refuses with an error's name."""

    def __init__(self) -> None:
        self.events: Events = TEXT
        self.refusal: str | None = None
        self.received: list[tuple[str, dict[str, Any]]] = []


class Handler(BaseHTTPRequestHandler):
    service: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.service.received.append((self.path, body))
        if self.service.refusal:
            self.send_response(429)
            self.send_header("x-amzn-ErrorType", self.service.refusal)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.end_headers()
        for name, content in self.service.events:
            self.wfile.write(encoded(name, content))

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


def encoded(name: str, content: dict[str, Any]) -> bytes:
    """Return one message of AWS's event stream encoding: lengths, headers, payload, two checksums."""
    headers = b"".join(
        struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for key, value in {":message-type": "event", ":event-type": name, ":content-type": "application/json"}.items()
    )
    payload = json.dumps(content).encode()
    prelude = struct.pack("!II", len(headers) + len(payload) + 16, len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", zlib.crc32(message))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Service, BedrockModel]]:
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    clients.forget()
    made = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"service": made}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made, BedrockModel("a.model", endpoint=f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    server.server_close()
    thread.join()
    clients.forget()


def request(*messages: Message, **changes: Any) -> ModelRequest:
    return ModelRequest(messages=messages or [Message("user", "Hello")], key="task:turn:1", timeout=5.0, **changes)


def test_a_text_arrives_in_parts_and_then_as_a_whole(service: tuple[Service, BedrockModel]) -> None:
    *deltas, end = service[1].stream(request())
    assert deltas == [TextDelta("Good "), TextDelta("day")]
    assert isinstance(end, Finished)
    assert (end.turn.message, end.turn.usage) == (Message("assistant", "Good day"), Usage(3, 2))


def test_a_call_is_put_together(service: tuple[Service, BedrockModel]) -> None:
    service[0].events = CALL
    (end,) = service[1].stream(request(tools=[ToolSpec("price", "Return a price.", {"type": "object"})]))
    assert isinstance(end, Finished)
    assert end.turn.message.calls == (ToolCall("t1", "price", {"city": "Oslo"}),)
    path, body = service[0].received[0]
    assert path == "/model/a.model/converse-stream"
    assert body["toolConfig"]["tools"][0]["toolSpec"]["name"] == "price"


def test_responses_of_tools_travel_in_one_message_of_the_user(service: tuple[Service, BedrockModel]) -> None:
    calls = (ToolCall("a", "price", {"city": "Oslo"}), ToolCall("b", "price", "no json"))
    conversation = [
        Message("user", "Hi"),
        Message("assistant", "", calls),
        Message("tool", "100", call_id="a"),
        Message("tool", "No JSON.", call_id="b", is_error=True),
    ]
    list(service[1].stream(request(*conversation, system="Be kind.", max_tokens=7)))
    body = service[0].received[0][1]
    assert (body["system"], body["inferenceConfig"]) == ([{"text": "Be kind."}], {"maxTokens": 7})
    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]
    results = [each["toolResult"] for each in body["messages"][2]["content"]]
    assert [(each["toolUseId"], each["status"]) for each in results] == [("a", "success"), ("b", "error")]


def test_a_throttled_request_runs_again_later_and_is_sent_once(service: tuple[Service, BedrockModel]) -> None:
    service[0].refusal = "ThrottlingException"
    with pytest.raises(RetryAfter):
        list(service[1].stream(request()))
    assert len(service[0].received) == 1


def test_another_refusal_is_an_error(service: tuple[Service, BedrockModel]) -> None:
    service[0].refusal = "AccessDeniedException"
    with pytest.raises(ModelError, match="AccessDeniedException"):
        list(service[1].stream(request()))


def test_an_answer_that_breaks_off_is_no_answer(service: tuple[Service, BedrockModel]) -> None:
    service[0].events = TEXT[:2]
    with pytest.raises(ModelError, match="broke off"):
        list(service[1].stream(request()))
