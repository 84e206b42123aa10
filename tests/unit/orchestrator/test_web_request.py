"""A request to a web server returns the body of a response, or raises OSError for every other end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestrator.web_request import send


class Echo(BaseHTTPRequestHandler):
    """Answers with the status that the path names, and with the request in the body."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = f"{self.path} {self.headers['Content-Type']} {body.decode()}".encode()
        self.send_response(int(self.path[1:4]))
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Echo) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def test_path_query_type_and_body_arrive(server: str) -> None:
    echoed = send("PUT", f"{server}/200/a?b=%2F&c", b"body", content_type="text/plain", seconds=30)
    assert echoed == b"/200/a?b=%2F&c text/plain body"


@pytest.mark.parametrize("status", [301, 403, 500])
def test_another_status_is_an_error(server: str, status: int) -> None:
    with pytest.raises(OSError, match=f"status {status}"):
        send("PUT", f"{server}/{status}", b"body", seconds=30)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/file", "/etc/passwd", "https:///path", ""])
def test_only_web_servers_are_asked(address: str) -> None:
    with pytest.raises(OSError, match="use http or https"):
        send("GET", address, seconds=30)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with HTTPServer(("127.0.0.1", 0), Echo) as closed:
        port = closed.server_port
    with pytest.raises(OSError, match="refused"):
        send("GET", f"http://127.0.0.1:{port}/", seconds=30)
