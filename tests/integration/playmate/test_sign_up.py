"""Names that a sign-up refuses, and a way of signing in that is not offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gateway import Answer, Caller


def faults(answer: Answer) -> set[str]:
    assert answer.status == 400, answer.text
    return {fault["field"] for fault in answer.json()["faults"]}


@pytest.mark.parametrize("name", ["Administrator", "ADMIN", "\uff21dmin", "Support", "operator"])
def test_names_of_operators_are_reserved(anyone: Caller, name: str) -> None:
    refused = anyone.post("/auth/signup", {"name": name, "email": "a@example.com", "password": "seven teapots"})
    assert faults(refused) == {"name"}
    assert "reserved" in refused.text


def test_an_address_is_not_verified_as_the_security_page_documents(anyone: Caller) -> None:
    body = {"name": "Amira", "email": "somebody.else@example.com", "password": "seven green teapots"}
    assert anyone.post("/auth/signup", body).status == 201
    sign_in = anyone.post("/auth/login", {"identifier": body["email"], "password": body["password"]})
    assert sign_in.status == 200
    page = Path(__file__).parents[3] / "docs" / "explanation" / "security.md"
    assert "E-mail addresses are not verified: this is not offered." in page.read_text(encoding="utf-8")


def test_another_way_of_signing_in_is_reported_as_unavailable(anyone: Caller) -> None:
    answer = anyone.post("/auth/login/social", {"provider": "google"})
    assert (answer.status, "is not available" in answer.json()["message"]) == (404, True)


@pytest.mark.parametrize(
    ("name", "message"),
    [(" ", "must not be blank"), ("x" * 81, "at most 80 characters"), ("x" * 9_999, "at most 80 characters")],
)
def test_a_blank_or_long_name_is_a_readable_error(anyone: Caller, name: str, message: str) -> None:
    refused = anyone.post("/auth/signup", {"name": name, "email": "a@example.com", "password": "seven teapots"})
    assert message in refused.text


def test_the_former_event_stream_names_the_websocket(anyone: Caller) -> None:
    answer = anyone.get("/api/task-events")
    assert (answer.status, answer.json()["code"]) == (410, "gone")
    assert "POST /api/realtime/ticket" in answer.json()["message"]
    assert "TaskEventSource" in answer.json()["message"]
