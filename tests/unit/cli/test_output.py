"""A command whose output goes nowhere ends with an exit code of its own, and without a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from orchestrator_cli.session import Exit
from tools.virtualenvs import ROOT

ENTRY = {"id": 1, "at": "2026-01-31T12:00:00Z", "actor": "olga (9)", "action": "redrive", "detail": {}}


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"items": [ENTRY], "nextCursor": None}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def audit(url: str, *format: str, stdout: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator_cli", "--url", url, "--token", "t", "audit", *format]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT / "clients" / "cli")}
    return subprocess.run(command, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


@pytest.mark.parametrize("format", [(), ("--json",)])
def test_a_full_disk_is_said(url: str, format: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = audit(url, *format, stdout=full.fileno())
    assert (ended.returncode, ended.stderr.strip()) == (
        Exit.NOT_WRITTEN,
        "The output cannot be written: No space left on device",
    )


@pytest.mark.parametrize("format", [(), ("--json",)])
def test_a_reader_that_went_away_is_no_refusal(url: str, format: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = audit(url, *format, stdout=writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (Exit.PIPE_CLOSED, "")
