"""A server that answers like a slow language model: when enough calls are in it at once, or when a test releases it."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class ModelServer:
    """Counts the calls of each idempotency key, and the most calls at once."""

    def __init__(self, *, together: int = 1, delay: float = 0.0) -> None:
        self.calls: Counter[str] = Counter()
        self.most = 0
        #: Calls of the path /later wait for this.
        self.release = threading.Event()
        self.waiting = threading.Event()
        self._delay, self._together = delay, threading.Barrier(together)
        self._inside, self._lock = 0, threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for_calls(self, number: int, seconds: float = 60.0) -> None:
        """Return when so many calls have arrived; fail when they do not within `seconds`."""
        with self._lock:
            arrived = self._lock.wait_for(lambda: sum(self.calls.values()) >= number, seconds)
        assert arrived, f"{sum(self.calls.values())} of {number} calls arrived"

    def answer(self, path: str, key: str) -> None:
        with self._lock:
            self.calls[key] += 1
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._lock.notify_all()
        if path == "/later":
            self.waiting.set()
            self.release.wait(120)
        elif self._together.parties > 1:
            self._together.wait(120)
        threading.Event().wait(self._delay)
        with self._lock:
            self._inside -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self.path, self.headers["Idempotency-Key"])
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"42")

            def log_message(self, format: str, *arguments: object) -> None:
                """Print nothing."""

        return Handler


def ask(url: str, key: str) -> int:
    request = urllib.request.Request(url, headers={"Idempotency-Key": key})
    with urllib.request.urlopen(request, timeout=150) as response:
        return int(response.read())


async def ask_async(url: str, key: str) -> int:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        path = parts.path or "/"
        writer.write(f"GET {path} HTTP/1.0\r\nHost: model\r\nIdempotency-Key: {key}\r\n\r\n".encode())
        await writer.drain()
        return int((await reader.read()).rpartition(b"\r\n\r\n")[2])
    finally:
        writer.close()
