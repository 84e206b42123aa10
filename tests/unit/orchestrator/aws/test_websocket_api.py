"""Frames to the management endpoint of the WebSocket API, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from orchestrator.aws import signed_requests
from orchestrator.aws.clients import forget
from orchestrator.aws.signed_requests import SignedEndpoint
from orchestrator.aws.websocket_api import Delivery, Sockets
from tests.support.certificates import Authority
from tests.support.http_stub import HttpStub, http_stub

REGION = "eu-central-1"
#: The identifier of a connection, as API Gateway makes them.
SOCKET = "L0SM9cOFvHcCIhw="
TARGET = "/live/@connections/L0SM9cOFvHcCIhw%3D"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    forget()
    yield
    forget()


@pytest.fixture
def gateway() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


@pytest.mark.parametrize(
    ("answers", "delivery", "requests"),
    [
        ([], Delivery.SENT, 1),
        ([(410, "GoneException:http://internal.amazon.com/")], Delivery.GONE, 1),
        ([(410, "")], Delivery.GONE, 1),
        ([(413, "PayloadTooLargeException")], Delivery.REFUSED, 1),
        ([(413, "")], Delivery.REFUSED, 1),
        ([(403, "ForbiddenException")], Delivery.FAILED, 1),
        ([(429, "LimitExceededException")], Delivery.SENT, 2),
        ([(429, "LimitExceededException")] * 2, Delivery.FAILED, 2),
        ([(500, "")], Delivery.SENT, 2),
        ([(503, "")] * 2, Delivery.FAILED, 2),
        ([(0, "")], Delivery.SENT, 2),
        ([(0, "")] * 2, Delivery.FAILED, 2),
    ],
)
def test_results_of_a_frame(
    gateway: HttpStub, answers: list[tuple[int, str]], delivery: Delivery, requests: int
) -> None:
    gateway.answers = list(answers)
    assert Sockets(gateway.url).post(SOCKET, b"{}") is delivery
    assert [(each.method, each.target, each.body) for each in gateway.received] == [("POST", TARGET, b"{}")] * requests


@pytest.mark.parametrize("status", [204, 410])
def test_a_connection_is_closed(gateway: HttpStub, status: int) -> None:
    gateway.answers = [(status, "")]
    Sockets(gateway.url).delete(SOCKET)
    assert [(each.method, each.target) for each in gateway.received] == [("DELETE", TARGET)]


def test_a_gateway_that_is_not_there_is_a_failure() -> None:
    with http_stub() as gateway:
        url = gateway.url
    assert Sockets(url).post(SOCKET, b"{}") is Delivery.FAILED


def test_frames_share_a_connection(gateway: HttpStub) -> None:
    sockets = Sockets(gateway.url)
    assert {sockets.post(SOCKET, b"{}") for _ in range(5)} == {Delivery.SENT}
    assert gateway.connections == 1


@pytest.mark.parametrize(("trusted", "delivery"), [(True, Delivery.SENT), (False, Delivery.FAILED)])
def test_the_certificate_of_the_gateway_is_verified(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: bool, delivery: Delivery
) -> None:
    own, other = Authority(tmp_path / "own"), Authority(tmp_path / "other")
    monkeypatch.setattr(signed_requests, "public_certificates", lambda: own.root if trusted else other.root)
    with http_stub(own.certify("127.0.0.1")) as gateway:
        assert Sockets(gateway.url).post(SOCKET, b"{}") is delivery
        assert len(gateway.received) == (1 if trusted else 0)


@pytest.mark.parametrize("token", [None, "a session token"])
@pytest.mark.parametrize(("method", "body"), [("POST", '{"é": 1}'.encode()), ("DELETE", b"")])
def test_a_signature_is_the_one_of_the_sdk(
    monkeypatch: pytest.MonkeyPatch, token: str | None, method: str, body: bytes
) -> None:
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    forget()
    host = "abc123.execute-api.eu-central-1.amazonaws.com"
    now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    own = SignedEndpoint(f"https://{host}/live", "execute-api").sign(method, TARGET, body, now)
    reference = AWSRequest(method, f"https://{host}{TARGET}", data=body)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None))
    SigV4Auth(Credentials("an id", "a secret", token), "execute-api", REGION).add_auth(reference)
    assert own["authorization"] == reference.headers["Authorization"]
    assert own["x-amz-date"] == reference.headers["X-Amz-Date"]
    assert own.get("x-amz-security-token") == reference.headers.get("X-Amz-Security-Token")


def test_without_credentials_a_frame_fails(monkeypatch: pytest.MonkeyPatch, gateway: HttpStub) -> None:
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    assert Sockets(gateway.url).post(SOCKET, b"{}") is Delivery.FAILED
    assert gateway.received == []
