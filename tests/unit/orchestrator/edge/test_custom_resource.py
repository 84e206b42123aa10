"""A deploy hears how its migration went."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from orchestrator.edge.custom_resource import is_custom_resource, respond


@pytest.fixture
def answers() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    kept: list[dict[str, Any]] = []

    class Bucket(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            kept.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/answer", kept
    server.shutdown()
    server.server_close()


def event(url: str, request: str) -> dict[str, Any]:
    return {
        "RequestType": request,
        "ResponseURL": url,
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "MigrateBefore",
        "ResourceProperties": {"ServiceToken": "arn", "phase": "pre"},
    }


def test_a_migration_that_went_well_lets_the_deploy_go_on(answers: tuple[str, list[dict[str, Any]]]) -> None:
    url, kept = answers
    asked: list[Mapping[str, Any]] = []
    respond(event(url, "Update"), asked.append)
    assert asked[0]["phase"] == "pre"
    assert (kept[0]["Status"], kept[0]["PhysicalResourceId"]) == ("SUCCESS", "MigrateBefore")


def test_one_that_failed_stops_it_with_the_reason(answers: tuple[str, list[dict[str, Any]]]) -> None:
    url, kept = answers

    def fails(_: Mapping[str, Any]) -> None:
        raise ValueError("column exists")

    respond(event(url, "Create"), fails)
    assert (kept[0]["Status"], kept[0]["Reason"]) == ("FAILED", "ValueError: column exists")


def test_a_stack_that_goes_migrates_nothing(answers: tuple[str, list[dict[str, Any]]]) -> None:
    url, kept = answers
    respond(event(url, "Delete"), lambda _: pytest.fail("migrated"))
    assert kept[0]["Status"] == "SUCCESS"


def test_a_call_by_hand_is_none() -> None:
    assert not is_custom_resource({"phase": "pre"})
