from __future__ import annotations

import json
from io import StringIO

import pytest
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, build_app
from orchestrator.http.errors import STATUS
from tests.support.gateway import Caller
from tests.unit.orchestrator.http.conftest import assert_refused


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


def test_operators_only(anyone: Caller, ann: Caller, services: Services) -> None:
    assert_refused(anyone.get("/secret"), 401)
    assert_refused(ann.get("/secret"), 403)
    operator, _ = services.tokens.issue("1", "Olga", "operator")
    assert anyone.get("/secret", headers={"Authorization": f"Bearer {operator}"}).status == 200


@pytest.mark.parametrize(
    ("name", "status", "code", "message"),
    [
        ("invalid", 400, "invalid_input", "a: is bad"),
        ("not-found", 404, "not_found", "Gone."),
        ("conflict", 409, "conflict", "Over."),
        ("taken", 409, "name_taken", "Taken."),
        ("key-reused", 422, "idempotency_key_reused", "Reused."),
        ("too-many", 429, "too_many_requests", "Slow down."),
        ("unavailable", 503, "unavailable", "Away."),
        ("ours", 500, "internal_error", "Something went wrong on our side."),
    ],
)
def test_each_error_has_its_status_and_code(anyone: Caller, name: str, status: int, code: str, message: str) -> None:
    answer = anyone.get(f"/open/{name}")
    assert_refused(answer, status)
    assert (answer.json()["code"], answer.json()["message"]) == (code, message)


def test_every_class_of_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in STATUS]
    assert len(set(codes)) == len(codes)
    assert "rejected" not in codes


def test_every_refusal_of_the_gate_has_a_code(anyone: Caller, ann: Caller) -> None:
    answers = [
        anyone.get("/nowhere"),
        anyone.send("PUT", "/health"),
        anyone.get("/who"),
        ann.get("/secret"),
        ann.post("/echo", body=json.dumps("x" * 300_000)),
        ann.send("POST", "/echo", body="a=1", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        ann.post("/echo", body="{"),
    ]
    for answer, status in zip(answers, (404, 405, 401, 403, 413, 415, 400), strict=True):
        assert_refused(answer, status)
    assert [answer.json()["code"] for answer in answers] == [
        "not_found",
        "method_not_allowed",
        "unauthenticated",
        "forbidden",
        "too_large",
        "unsupported_media_type",
        "invalid_input",
    ]


def test_every_fault_is_in_the_answer(anyone: Caller) -> None:
    assert anyone.get("/open/invalid").json()["errors"] == [
        {"field": "a", "code": "invalid", "message": "is bad"},
        {"field": "b", "code": "worse", "message": "is worse"},
    ]


def test_waiting_times_are_documented(anyone: Caller) -> None:
    assert anyone.get("/open/too-many").headers["Retry-After"] == "7"
    assert int(anyone.get("/open/unavailable").headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/open/ours", "/nan"])
def test_an_internal_error_leaks_nothing_but_a_request_id(anyone: Caller, path: str) -> None:
    answer = anyone.get(path)
    assert answer.status == 500
    assert answer.json()["requestId"] == answer.headers["X-Request-Id"] == "request-1"
    assert "hunter2" not in answer.text
    assert "Error" not in answer.text


def test_an_internal_error_is_logged_by_its_position_without_its_message(anyone: Caller, logged: StringIO) -> None:
    """Its message may quote personal data of the request."""
    answer = anyone.get("/open/ours")
    (line,) = [json.loads(text) for text in logged.getvalue().splitlines()]
    assert "hunter2" not in json.dumps(line)
    assert (line["message"], line["exception_name"]) == ("request failed", "RuntimeError")
    assert "conftest.py:" in line["exception"]
    assert "raise_named" in line["exception"]
    assert len(line["fingerprint"]) == 12
    assert line["trace_id"] == answer.json()["traceId"]


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

    def test_compressed(self, ann: Caller) -> None:
        """API Gateway does not unpack a body; a local proxy may."""
        refused = ann.post("/echo", body='{"a": 1}', headers={"Content-Encoding": "gzip"})
        assert_refused(refused, 415)
        assert ann.post("/echo", body='{"a": 1}', headers={"Content-Encoding": "identity"}).status == 200

    def test_a_megabyte(self, ann: Caller) -> None:
        assert_refused(ann.post("/echo", body=json.dumps("x" * 1_048_576)), 413)

    def test_binary_content_types_come_as_base64(self, ann: Caller) -> None:
        assert ann.post("/echo", body=b'{"a": 1}').json() == {"received": {"a": 1}}


def test_one_request_leaves_nothing_to_the_next(ann: Caller, anyone: Caller) -> None:
    assert ann.get("/who").status == 200
    assert_refused(anyone.get("/who"), 401)
