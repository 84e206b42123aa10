"""A server with the OpenAI protocol and a till, for agents that think."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

#: A text, or calls of tools: (name, arguments).
Response = str | Sequence[tuple[str, str]]


class ModelServer:
    """Answer by a script: a conversation with n messages of the assistant gets response n.

    `requests` are the bodies received. `charges` counts effects by idempotency key, as a payment service would: a key
    that is repeated charges nothing. `at` is called with the name of each moment, such as "request 0", "answered 0",
    "charge", "charged".
    """

    def __init__(self, *script: Response) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.charges: dict[str, int] = {}
        self.received: Counter[str] = Counter()
        self.statuses: list[tuple[int, dict[str, str]]] = []
        self.at: Callable[[str], None] = lambda _moment: None
        #: End each response before its last line.
        self.breaks_off = False
        self.lock = Lock()
        self.url = ""

    @contextmanager
    def running(self) -> Iterator[ModelServer]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, body: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        """Return the number of the response and the chunks that carry it."""
        number = sum(message["role"] == "assistant" for message in body["messages"])
        return number, list(_chunks(self.script[number]))

    def charge(self, key: str, cents: int) -> dict[str, Any]:
        with self.lock:
            self.received[key] += 1
            self.charges.setdefault(key, cents)
            return {"charged": self.charges[key]}


def _chunks(response: Response) -> Iterator[dict[str, Any]]:
    if isinstance(response, str):
        for part in (response[:3], response[3:]):
            yield {"choices": [{"index": 0, "delta": {"content": part}}]}
    else:
        for index, (name, arguments) in enumerate(response):
            function = {"name": name, "arguments": arguments[:2]}
            call = {"index": index, "id": f"call-{index}", "type": "function", "function": function}
            yield {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
            rest = {"index": index, "function": {"arguments": arguments[2:]}}
            yield {"choices": [{"index": 0, "delta": {"tool_calls": [rest]}}]}
    yield {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"model": server})


class _Handler(BaseHTTPRequestHandler):
    model: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/charge"):
            self._charge(body)
        else:
            self._complete(body)

    def _charge(self, body: dict[str, Any]) -> None:
        self.model.at("charge")
        answer = self.model.charge(self.headers["Idempotency-Key"], body["cents"])
        self.model.at("charged")
        self._send(200, "application/json", [json.dumps(answer)])

    def _complete(self, body: dict[str, Any]) -> None:
        with self.model.lock:
            self.model.requests.append(body)
            self.model.headers.append(dict(self.headers))
            refusal = self.model.statuses.pop(0) if self.model.statuses else None
        if refusal:
            self._send(refusal[0], "application/json", ["{}"], refusal[1])
            return
        number, chunks = self.model.answer(body)
        self.model.at(f"request {number}")
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        end = [] if self.model.breaks_off else ["data: [DONE]\n\n"]
        self._send(200, "text/event-stream", [*lines, *end])
        self.model.at(f"answered {number}")

    def _send(self, status: int, content_type: str, parts: list[str], headers: dict[str, str] | None = None) -> None:
        with suppress(OSError):  # the caller was killed
            self.send_response(status)
            for name, value in {"Content-Type": content_type, **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            for part in parts:
                self.wfile.write(part.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""
