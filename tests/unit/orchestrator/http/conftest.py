"""A small API behind the gate, and callers of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import pytest
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.aws import secrets as secrets_module
from orchestrator.aws.secrets import Secrets
from orchestrator.http import rate_limits
from orchestrator.http.access_tokens import Tokens
from orchestrator.http.app import Services, build_app, current_owner, identity
from orchestrator.http.operation import operation
from orchestrator.http.request import json_body
from orchestrator.http.routes.health import health_routes
from orchestrator.model import errors
from orchestrator.store.connection import Database
from tests.support.gateway import Answer, Caller

ORIGIN = "https://app.example"


@pytest.fixture(autouse=True)
def _new_container() -> None:
    """A container without a database counts the requests of earlier tests towards no limit."""
    rate_limits.SUBMITS.seen.clear()


def demo_routes(_: Services) -> Router:
    router = Router()

    @router.get("/who")
    @operation("Who", {200: None})
    def claims() -> dict[str, Any]:
        return {"owner": current_owner(router), "role": identity(router).role}

    @router.post("/echo")
    @operation("Echo", {200: None})
    def echo() -> dict[str, Any]:
        return {"received": json_body(router.current_event)}

    @router.get("/undeclared")
    def undeclared() -> dict[str, Any]:
        return {}

    @router.get("/secret")
    @operation("Secret", {200: None}, access="operator")
    def secret() -> dict[str, Any]:
        return {}

    @router.get("/open/<name>")
    @operation("Open", {200: None}, access="open")
    def raise_named(name: str) -> dict[str, Any]:
        raise FAILURES[name]

    @router.post("/changes")
    @operation("Open to changes", {200: None}, access="open")
    def change() -> dict[str, Any]:
        return {}

    @router.get("/nan")
    @operation("Nan", {200: None}, access="open")
    def nan() -> dict[str, Any]:
        return {"value": float("nan")}

    return router


FAILURES: Mapping[str, Exception] = {
    "invalid": errors.InvalidInput("Bad.", [errors.Fault("a", "is bad"), errors.Fault("b", "is worse", "worse")]),
    "not-found": errors.NotFound("Gone."),
    "conflict": errors.Conflict("Over."),
    "taken": errors.Conflict("Taken.", code="name_taken"),
    "key-reused": errors.KeyReused("Reused."),
    "too-many": errors.TooMany("Slow down.", retry_after=7),
    "unavailable": errors.Unavailable("Away."),
    "ours": RuntimeError("password=hunter2"),
}


@pytest.fixture(autouse=True)
def no_rate_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are kept in a database, which these tests lack; tests/integration has the application's."""
    monkeypatch.setattr(rate_limits, "take", lambda *_, **__: None)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"current": "k", "k": "A" * 64})
    nothing = cast("Any", None)
    return Services(
        db=Database(nothing),
        queue=nothing,
        dead_letters=nothing,
        events=nothing,
        agents=nothing,
        tokens=Tokens(Secrets(), "arn", issuer="us", audience="app"),
        flags=nothing,
        allowed_origins=frozenset({ORIGIN}),
        secure_cookies=True,
        websocket_url="wss://socket.example/live",
        version="1.2.3",
        application="playmate",
    )


@pytest.fixture
def anyone(services: Services) -> Caller:
    return Caller(build_app(services, [health_routes, demo_routes]))


@pytest.fixture
def token(services: Services) -> str:
    return services.tokens.issue("7", "Ann")[0]


@pytest.fixture
def ann(anyone: Caller, token: str) -> Caller:
    return Caller(anyone.app, {"Authorization": f"Bearer {token}"})


def assert_refused(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert {"code", "message", "errors", "faults", "traceId"} <= body.keys()
    assert re.fullmatch("[a-z_]+", body["code"])
    assert body["message"]
    assert body["errors"] == body["faults"]
