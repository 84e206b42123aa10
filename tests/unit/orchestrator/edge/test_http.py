from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.cloud import secrets as secrets_module
from orchestrator.cloud.secrets import Secrets
from orchestrator.edge.auth import cleared_cookie, session_cookie
from orchestrator.edge.http import Services, build_app, current_owner, identity
from orchestrator.edge.operations import operation
from orchestrator.edge.requests import json_body
from orchestrator.edge.routes.health import health_routes
from orchestrator.edge.tokens import Tokens
from orchestrator.model import errors
from tests.gateway import Answer, Caller

ORIGIN = "https://app.example"


def demo_routes(_: Services) -> Router:
    router = Router()

    @router.get("/who")
    @operation("Who", {200: None})
    def who() -> dict[str, Any]:
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

    @router.get("/nan")
    @operation("Nan", {200: None}, access="open")
    def nan() -> dict[str, Any]:
        return {"value": float("nan")}

    return router


FAILURES: Mapping[str, Exception] = {
    "invalid": errors.InvalidInput("Bad.", [errors.Fault("a", "is bad"), errors.Fault("b", "is worse")]),
    "not-found": errors.NotFound("Gone."),
    "conflict": errors.Conflict("Over."),
    "key-reused": errors.KeyReused("Reused."),
    "too-many": errors.TooMany("Slow down.", retry_after=7),
    "unavailable": errors.Unavailable("Away."),
    "ours": RuntimeError("password=hunter2"),
}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"current": "k", "k": "A" * 64})
    nothing = cast("Any", None)
    return Services(
        db=nothing,
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
    assert answer.json()["message"]


def test_health_is_open(anyone: Caller) -> None:
    answer = anyone.get("/health")
    assert (answer.status, answer.json()) == (200, {"status": "ok", "version": "1.2.3"})


def test_the_owner_is_the_tokens_subject(ann: Caller) -> None:
    assert ann.get("/who").json() == {"owner": "7", "role": None}


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z", "Bearer " + "x" * 9_000, "Bearer é"],
)
def test_a_bad_authorization_is_refused(anyone: Caller, authorization: str) -> None:
    answer = anyone.get("/who", headers={"Authorization": authorization})
    assert_refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_bad_authorization_is_not_saved_by_a_good_cookie(anyone: Caller, token: str) -> None:
    answer = anyone.get("/who", headers={"Authorization": "Bearer x"}, cookies=[f"SessionID={token}"])
    assert_refused(answer, 401)


def test_no_token_is_refused(anyone: Caller) -> None:
    assert_refused(anyone.get("/who"), 401)
    assert_refused(anyone.post("/echo", {}), 401)


def test_a_route_that_declares_nothing_is_closed(anyone: Caller, ann: Caller) -> None:
    assert_refused(anyone.get("/undeclared"), 401)
    assert ann.get("/undeclared").status == 200


class TestCookie:
    def test_lifted_by_the_gateway(self, anyone: Caller, token: str) -> None:
        assert anyone.get("/who", cookies=["a=b", f"SessionID={token}"]).status == 200

    def test_left_in_the_headers(self, anyone: Caller, token: str) -> None:
        assert anyone.get("/who", headers={"Cookie": f"a=b; SessionID={token}; c"}).status == 200

    @pytest.mark.parametrize("cookie", ["SessionID=", "SessionID", "sessionid=x", "SessionID=x.y.z", ""])
    def test_a_bad_one_is_refused(self, anyone: Caller, cookie: str) -> None:
        assert_refused(anyone.get("/who", cookies=[cookie]), 401)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "null"},
            {"Origin": "https://evil.example"},
            {"Origin": ORIGIN + ".evil.example"},
            {"Origin": ORIGIN + "/"},
            {"Referer": ORIGIN},
        ],
        ids=str,
    )
    def test_a_change_from_elsewhere_is_refused(self, anyone: Caller, token: str, headers: dict[str, str]) -> None:
        answer = anyone.post("/echo", {"a": 1}, headers=headers, cookies=[f"SessionID={token}"])
        assert_refused(answer, 403)

    def test_a_change_from_our_page_is_served(self, anyone: Caller, token: str) -> None:
        answer = anyone.post("/echo", {"a": 1}, headers={"Origin": ORIGIN}, cookies=[f"SessionID={token}"])
        assert answer.json() == {"received": {"a": 1}}

    def test_a_bearer_needs_no_origin(self, ann: Caller) -> None:
        assert ann.post("/echo", {}, headers={"Origin": "https://evil.example"}).status == 200

    def test_no_script_and_no_other_site_gets_it(self) -> None:
        assert str(session_cookie("x.y.z", secure=True)) == (
            "SessionID=x.y.z; Path=/; Max-Age=1200; HttpOnly; Secure; SameSite=Lax"
        )
        assert "Max-Age=0" in str(cleared_cookie(secure=True))
        assert "Secure" not in str(session_cookie("x", secure=False))


def test_operators_only(anyone: Caller, ann: Caller, services: Services) -> None:
    assert_refused(anyone.get("/secret"), 401)
    assert_refused(ann.get("/secret"), 403)
    operator, _ = services.tokens.issue("1", "Olga", "operator")
    assert anyone.get("/secret", headers={"Authorization": f"Bearer {operator}"}).status == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("invalid", 400),
        ("not-found", 404),
        ("conflict", 409),
        ("key-reused", 422),
        ("too-many", 429),
        ("unavailable", 503),
        ("ours", 500),
    ],
)
def test_each_error_has_its_status(anyone: Caller, name: str, status: int) -> None:
    assert_refused(anyone.get(f"/open/{name}"), status)


def test_every_fault_is_in_the_answer(anyone: Caller) -> None:
    assert anyone.get("/open/invalid").json()["faults"] == [
        {"field": "a", "message": "is bad"},
        {"field": "b", "message": "is worse"},
    ]


def test_waiting_times_are_told(anyone: Caller) -> None:
    assert anyone.get("/open/too-many").headers["Retry-After"] == "7"
    assert int(anyone.get("/open/unavailable").headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/open/ours", "/nan"])
def test_a_fault_of_ours_leaks_nothing_but_a_request_id(anyone: Caller, path: str) -> None:
    answer = anyone.get(path)
    assert answer.status == 500
    assert answer.json()["requestId"] == answer.headers["X-Request-Id"] == "request-1"
    assert "hunter2" not in answer.text
    assert "Error" not in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/", "//health", "/health/", "/open", "/%00", "/who/x"])
def test_an_unknown_route(anyone: Caller, path: str) -> None:
    assert_refused(anyone.get(path), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_names_the_right_ones(anyone: Caller, method: str) -> None:
    answer = anyone.send(method, "/health")
    assert_refused(answer, 405)
    assert answer.headers["Allow"] == "GET"


def test_a_path_spelled_out_hides_the_pattern_it_fits(services: Services) -> None:
    def two_routes(_: Services) -> Router:
        router = Router()
        router.get("/kids/mine")(dict)
        router.delete("/kids/<kid_id>")(dict)
        return router

    app = build_app(services, [two_routes])
    assert Caller(app).send("PUT", "/kids/mine").headers["Allow"] == "GET"
    assert Caller(app).send("PUT", "/kids/7").headers["Allow"] == "DELETE"


class TestBody:
    @pytest.mark.parametrize("body", [None, "", "{", "NaN", '{"a": "\\u0000"}', "[" * 5_000, b"\xff\xfe{}"])
    def test_garbage(self, ann: Caller, body: str | bytes | None) -> None:
        answer = ann.post("/echo", body=body)
        assert_refused(answer, 400)
        assert [fault["field"] for fault in answer.json()["faults"]] == ["body"]

    def test_a_megabyte(self, ann: Caller) -> None:
        assert_refused(ann.post("/echo", body=json.dumps("x" * 1_048_576)), 413)

    def test_binary_content_types_come_as_base64(self, ann: Caller) -> None:
        assert ann.post("/echo", body=b'{"a": 1}').json() == {"received": {"a": 1}}


class TestBrowser:
    def test_a_page_of_ours_may_read(self, ann: Caller) -> None:
        headers = ann.get("/who", headers={"Origin": ORIGIN}).headers
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert headers["Access-Control-Allow-Credentials"] == "true"
        assert headers["Vary"] == "Origin"

    def test_another_page_may_not(self, ann: Caller) -> None:
        headers = ann.get("/who", headers={"Origin": "https://evil.example"}).headers
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Vary"] == "Origin"

    def test_refusals_can_be_read_too(self, anyone: Caller) -> None:
        for path in ("/who", "/nowhere", "/open/ours"):
            assert anyone.get(path, headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN

    def test_preflight(self, anyone: Caller) -> None:
        answer = anyone.send("OPTIONS", "/echo", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Methods"] == "POST"
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN

    @pytest.mark.parametrize("path", ["/health", "/who", "/nowhere", "/open/ours"])
    def test_headers_that_protect_are_always_there(self, anyone: Caller, path: str) -> None:
        headers = anyone.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" in headers


def test_one_request_leaves_nothing_to_the_next(ann: Caller, anyone: Caller) -> None:
    assert ann.get("/who").status == 200
    assert_refused(anyone.get("/who"), 401)
