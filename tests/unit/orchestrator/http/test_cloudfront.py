"""With a firewall before the API nobody goes around it, and nobody says for another where he is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from orchestrator.aws import secrets as secrets_module
from orchestrator.aws.clients import CloudError
from orchestrator.aws.secrets import Secrets
from orchestrator.http.cloudfront import OriginCheck, network_of
from orchestrator.model.errors import Forbidden
from tests.support.gateway import http_event

SECRET = "between-the-two-of-us"
EDGE = "203.0.113.9"


@pytest.fixture
def origin_check(monkeypatch: pytest.MonkeyPatch) -> OriginCheck:
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"secret": SECRET})
    return OriginCheck(Secrets(), "arn")


def request(headers: Mapping[str, str]) -> APIGatewayProxyEventV2:
    return APIGatewayProxyEventV2(http_event("GET", "/health", headers=headers))


def source_address(event: APIGatewayProxyEventV2) -> str:
    return str(event["requestContext"]["http"]["sourceIp"])


@pytest.mark.parametrize(
    "given", [{}, {"X-Origin-Secret": ""}, {"X-Origin-Secret": SECRET[:-1]}, {"X-Origin-Secret": "é"}]
)
def test_requests_around_cloudfront_are_refused(origin_check: OriginCheck, given: dict[str, str]) -> None:
    event = request({**given, "X-Viewer-Address": "198.51.100.7"})
    with pytest.raises(Forbidden):
        origin_check.admit(event)
    assert source_address(event) == EDGE


def test_the_viewer_is_where_the_request_is_from(origin_check: OriginCheck) -> None:
    event = request({"X-Origin-Secret": SECRET, "X-Viewer-Address": "198.51.100.7"})
    origin_check.admit(event)
    assert source_address(event) == "198.51.100.7"


@pytest.mark.parametrize("said", ["", "unknown", "198.51.100.7:443", "198.51.100.7, 10.0.0.1"])
def test_an_invalid_address_changes_nothing(origin_check: OriginCheck, said: str) -> None:
    event = request({"X-Origin-Secret": SECRET, "X-Viewer-Address": said})
    origin_check.admit(event)
    assert source_address(event) == EDGE


def test_a_household_is_one_client_address_with_all_its_addresses() -> None:
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")


def test_without_the_secret_nobody_is_let_in(origin_check: OriginCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> Mapping[str, str]:
        raise CloudError("secretsmanager", "get_secret_value", "ThrottlingException")

    monkeypatch.setattr(secrets_module, "_read", away)
    with pytest.raises(CloudError):
        origin_check.admit(request({"X-Origin-Secret": ""}))


def optional(monkeypatch: pytest.MonkeyPatch) -> OriginCheck:
    """CloudFront serves the pages, and clients may call the API beside it."""
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"secret": SECRET})
    return OriginCheck(Secrets(), "arn", required=False)


def test_without_a_firewall_others_are_served_and_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    for proof in ({}, {"X-Origin-Secret": "a guess"}):
        event = request({**proof, "X-Viewer-Address": "198.51.100.7"})
        before = source_address(event)
        optional(monkeypatch).admit(event)
        assert source_address(event) == before != "198.51.100.7"


def test_without_a_firewall_cloudfront_is_believed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    event = request({"X-Origin-Secret": SECRET, "X-Viewer-Address": "198.51.100.7"})
    optional(monkeypatch).admit(event)
    assert source_address(event) == "198.51.100.7"
