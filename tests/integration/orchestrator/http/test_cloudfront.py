"""Behind CloudFront every route requires the proof of it, and rate limits count viewers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.aws import secrets as secrets_module
from orchestrator.aws.secrets import Secrets
from orchestrator.http import rate_limits
from orchestrator.http.app import Services, build_app
from orchestrator.http.cloudfront import OriginCheck
from orchestrator.http.routes import ROUTERS
from playmate import routes
from tests.support.gateway import Caller

SECRET = {"X-Origin-Secret": "between-the-two-of-us"}


@pytest.fixture
def behind(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(
        secrets_module, "_read", lambda _: {"secret": SECRET["X-Origin-Secret"], "current": "k", "k": "A" * 64}
    )
    return replace(services, origin_check=OriginCheck(Secrets(), "arn"))


@pytest.fixture
def anyone(behind: Services) -> Caller:
    return Caller(build_app(behind, (*ROUTERS, *routes.ROUTERS)))


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/health"), ("GET", "/api/tasks"), ("POST", "/auth/login"), ("GET", "/nowhere")]
)
def test_no_route_is_open_without_cloudfront(anyone: Caller, method: str, path: str) -> None:
    answer = anyone.send(method, path)
    assert answer.status == 403
    assert "public address" in answer.json()["message"]


def test_requests_through_cloudfront_are_served(anyone: Caller) -> None:
    assert anyone.get("/health", headers=SECRET).status == 200
    assert anyone.get("/api/tasks", headers=SECRET).status == 401
    assert anyone.get("/nowhere", headers=SECRET).status == 404


def test_each_viewer_has_a_limit_of_his_own(anyone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them reach the API from the same machine of CloudFront."""
    monkeypatch.setattr(rate_limits, "ADDRESS_BURST", 3)
    monkeypatch.setattr(rate_limits, "ADDRESS_GAP", 100.0)

    def sign_in(viewer: str) -> int:
        headers = {**SECRET, "X-Viewer-Address": viewer}
        return anyone.post("/auth/login", {"identifier": "nobody", "password": "wrong"}, headers=headers).status

    assert [sign_in("198.51.100.7") for _ in range(4)] == [401, 401, 401, 429]
    assert sign_in("198.51.100.8") == 401
