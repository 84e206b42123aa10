"""Lambda's runtime interface for one function in its own process, under the Python runtime client that Lambda runs.

The same server answers as AWS: moto does, in the process of the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError

from orchestrator.aws.clients import client
from tools.virtualenvs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Services whose requests are JSON documents, by the name in the header X-Amz-Target.
SERVICES = {"secretsmanager": "secretsmanager", "AmazonSQS": "sqs"}
NEXT = "/2018-06-01/runtime/invocation/next"


@dataclass(slots=True)
class Ran:
    """The answers of a function to its events, and everything that it wrote."""

    answers: list[Any] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)
    output: str = ""


def run(function: str, events: Sequence[object], environment: Mapping[str, str], *, level: str = "DEBUG") -> Ran:
    """Start the function as Lambda does with `LogFormat: JSON` and this level, and invoke it with the events.

    The runtime client ends when the interface has no event left.
    """
    ran = Ran()
    with _served(ran, list(events)) as address:
        ended = subprocess.run(
            [sys.executable, "-m", "awslambdaric", "app.handler"],
            cwd=ROOT / "functions" / function,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "shared"),
                "AWS_LAMBDA_RUNTIME_API": address,
                "AWS_LAMBDA_FUNCTION_NAME": function,
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_LEVEL": level,
                "LAMBDA_TASK_ROOT": str(Path(ROOT / "functions" / function)),
                "AWS_ENDPOINT_URL": f"http://{address}",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
    ran.output = ended.stdout + ended.stderr
    return ran


@contextmanager
def _served(ran: Ran, events: list[object]) -> Iterator[str]:
    class Interface(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.path == NEXT
            if not events:
                self.close_connection = True
                return
            self._send(200, events.pop(0), _invocation())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.startswith("/2018-06-01/"):
                into = ran.answers if self.path.endswith("/response") else ran.errors
                into.append(json.loads(body))
                self._send(202, {})
            else:
                self._send(*_aws(self.headers["x-amz-target"], json.loads(body)))

        def _send(self, status: int, content: object, headers: Mapping[str, str] | None = None) -> None:
            body = json.dumps(content, default=_plain).encode()
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Interface)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _invocation() -> dict[str, str]:
    return {
        "Lambda-Runtime-Aws-Request-Id": "request-1",
        "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        "Content-Type": "application/json",
        "Lambda-Runtime-Deadline-Ms": str(round((time.time() + 60) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
    }


def _aws(target: str, parameters: dict[str, Any]) -> tuple[int, object]:
    """The answer of the service: a status and a document."""
    service, operation = target.split(".")
    try:
        answer = getattr(client(SERVICES[service]), xform_name(operation))(**parameters)
    except ClientError as error:
        return 400, {"__type": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    return 200, {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)
