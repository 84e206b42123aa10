"""An HTTP server that answers as a test says, and keeps what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Thread


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HttpStub:
    """`answers`: a status and an error type for each request; 200 after the last one. Status 0 ends the connection."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    #: Connections that clients have opened.
    connections: int = 0


@contextmanager
def http_stub(certificate: Path | None = None) -> Iterator[HttpStub]:
    """Yield a server on a free port; with a `certificate` and its key in one file it speaks TLS."""
    stub = HttpStub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            stub.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.received.append(Received(self.command, self.path, headers, body))
            status, kind = stub.answers.pop(0) if stub.answers else (200, "")
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            if kind:
                self.send_header("x-amzn-ErrorType", kind)
            self.send_header("content-length", "0")
            self.end_headers()

        do_DELETE = do_POST  # noqa: N815 (the name that the base class calls)

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/live"
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
