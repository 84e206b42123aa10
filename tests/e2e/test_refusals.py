"""The deployed API refuses bad input with a message and never with a 5xx."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import httpx
import jwt
import pytest

from tests.support.stack import Stack

ECHO = {"type": "echo", "payload": {}}
SOMEBODY_ELSES_KEY = "x" * 48


@pytest.fixture(scope="session")
def keys(stack: Stack) -> dict[str, Any]:
    """The signing secret of the stack, as only its owner can read it."""
    client = boto3.client(
        "secretsmanager",
        endpoint_url=stack.said["aws_endpoint_url"],
        region_name=stack.said["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    secret: dict[str, Any] = json.loads(client.get_secret_value(SecretId=stack.said["jwt_secret_arn"])["SecretString"])
    return secret


@pytest.fixture
def anonymous(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def claims(**changed: object) -> dict[str, object]:
    now = int(time.time())
    return {
        "sub": "1",
        "name": "Amira",
        "iss": "agent-orchestrator",
        "aud": "agent-orchestrator",
        "iat": now,
        "exp": now + 600,
        "jti": uuid4().hex,
        **changed,
    }


def signed(keys: dict[str, Any], key: bytes | None = None, **changed: object) -> str:
    kid = keys["current"]
    own = jwt.utils.base64url_decode(keys.get("keys", keys)[kid])
    return jwt.encode(claims(**changed), key or own, algorithm="HS256", headers={"kid": kid})


def faults(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    return answer.text


def test_without_a_token(anonymous: httpx.Client) -> None:
    for method, path in [
        ("GET", "/api/tasks"),
        ("POST", "/api/tasks"),
        ("GET", f"/api/tasks/{uuid4()}"),
        ("POST", "/api/realtime/ticket"),
        ("GET", "/api/friends/confirmed"),
        ("GET", "/ops/stats"),
    ]:
        answer = anonymous.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert answer.json()["message"]


def test_our_own_forging_is_good(anonymous: httpx.Client, keys: dict[str, Any]) -> None:
    """Else the refusals below would prove nothing."""
    answer = anonymous.get("/api/tasks", headers={"Authorization": f"Bearer {signed(keys)}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda _: jwt.encode(claims(), "", algorithm="none"), id="no algorithm"),
        pytest.param(lambda keys: signed(keys, key=SOMEBODY_ELSES_KEY.encode()), id="wrong key"),
        pytest.param(lambda keys: signed(keys, aud="another-service"), id="wrong audience"),
        pytest.param(lambda keys: signed(keys, iss="another-issuer"), id="wrong issuer"),
        pytest.param(lambda keys: signed(keys, iat=1, exp=2), id="expired"),
        pytest.param(lambda keys: signed(keys)[:-4] + "AAAA", id="changed signature"),
        pytest.param(lambda _: "not-a-token", id="no token at all"),
        pytest.param(lambda _: "..", id="three empty parts"),
    ],
)
def test_with_a_forged_token(
    anonymous: httpx.Client, keys: dict[str, Any], forge: Callable[[dict[str, Any]], str]
) -> None:
    answer = anonymous.post("/api/tasks", json=ECHO, headers={"Authorization": f"Bearer {forge(keys)}"})
    assert answer.status_code == 401
    assert answer.json()["message"]


def test_wrong_password_and_unknown_user_sound_the_same(anonymous: httpx.Client) -> None:
    wrong = anonymous.post("/auth/login", json={"identifier": "Amira", "password": "wrong"})
    unknown = anonymous.post("/auth/login", json={"identifier": "nobody-here", "password": "wrong"})
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert {**wrong.json(), "traceId": None} == {**unknown.json(), "traceId": None}


def test_unknown_task_type(amira: httpx.Client) -> None:
    assert "unknown task type" in faults(amira.post("/api/tasks", json={"type": "no.such.type", "payload": {}}))


def test_type_not_open_to_users(amira: httpx.Client) -> None:
    faults(amira.post("/api/tasks", json={"type": "friend.recommendations", "payload": {"friendId": 1}}))


def test_every_fault_of_a_payload_is_named(amira: httpx.Client) -> None:
    payload = {"latitude": "north", "altitude": 7}
    said = faults(amira.post("/api/tasks", json={"type": "location.playdate.update", "payload": payload}))
    assert all(field in said for field in ("latitude", "longitude", "altitude"))


@pytest.mark.parametrize("body", [b"not json", b"", b"[]", b'"text"', b'{"type": ', b"\xff\xfe"])
def test_a_body_that_is_no_json_object(amira: httpx.Client, body: bytes) -> None:
    answer = amira.post("/api/tasks", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_a_body_of_a_megabyte(amira: httpx.Client) -> None:
    answer = amira.post("/api/tasks", json={"type": "echo", "payload": {"text": "x" * 1024 * 1024}})
    assert answer.status_code in {400, 413}
    assert answer.json()["message"]


def test_unknown_route(amira: httpx.Client) -> None:
    answer = amira.get("/api/no-such-thing")
    assert answer.status_code == 404
    assert answer.json()["message"]


def test_wrong_method(amira: httpx.Client) -> None:
    answer = amira.put("/api/tasks", json=ECHO)
    assert answer.status_code == 405
    assert answer.json()["message"]


def test_a_task_id_that_is_none(amira: httpx.Client) -> None:
    assert amira.get("/api/tasks/not-a-uuid").status_code in {400, 404}
    assert amira.get(f"/api/tasks/{uuid4()}").status_code == 404


def test_another_owners_task_is_not_there(amira: httpx.Client, diego: httpx.Client) -> None:
    task_id = amira.post("/api/tasks", json=ECHO).json()["id"]
    assert diego.get(f"/api/tasks/{task_id}").status_code == 404
    assert diego.get(f"/api/tasks/{task_id}/events").status_code == 404
    assert diego.post(f"/api/tasks/{task_id}/cancel").status_code == 404
    assert task_id not in [one["id"] for one in diego.get("/api/tasks").json()["items"]]


def test_operator_routes_are_closed_to_guardians(amira: httpx.Client) -> None:
    assert amira.get("/ops/stats").status_code == 403
    assert amira.get("/ops/dead-letters").status_code == 403


def test_operators_may_read(stack: Stack, login: Callable[[str], str]) -> None:
    with stack.client(login("operator")) as operator:
        assert operator.get("/ops/stats").status_code == 200


def test_the_same_key_is_the_same_task(newcomer: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    first = newcomer.post("/api/tasks", json=ECHO, headers=key)
    again = newcomer.post("/api/tasks", json=ECHO, headers=key)
    other = newcomer.post("/api/tasks", json={"type": "echo", "payload": {"other": True}}, headers=key)
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 422


def test_the_cookie_counts_only_from_our_own_pages(stack: Stack, login: Callable[[str], str]) -> None:
    with stack.client() as browser:
        browser.cookies.set("SessionID", login("Amira"))
        assert browser.get("/api/tasks").status_code == 200
        assert browser.post("/api/tasks", json=ECHO).status_code == 403
        foreign = browser.post("/api/tasks", json=ECHO, headers={"Origin": "https://elsewhere.example"})
        assert foreign.status_code == 403
        own = browser.post("/api/tasks", json=ECHO, headers={"Origin": stack.said["web_url"]})
        assert own.status_code == 202


def test_logging_in_sets_a_cookie_scripts_cannot_read(stack: Stack) -> None:
    user = stack.said["users"][0]
    with stack.client() as browser:
        answer = browser.post("/auth/login", json={"identifier": user["name"], "password": user["password"]})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("SessionID=")
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
