"""CloudFormation as a custom resource knows it: an event, and a bucket that takes the answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Bucket:
    """`answers`: the bodies that the function put at `url`."""

    url: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)

    def event(self, request: str) -> dict[str, Any]:
        return {
            "RequestType": request,
            "ResponseURL": self.url,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "MigrateBefore",
            "ResourceProperties": {"ServiceToken": "arn", "phase": "pre"},
        }


@contextmanager
def bucket() -> Iterator[Bucket]:
    made = Bucket()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            made.answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}/answer"
        yield made
        server.shutdown()
