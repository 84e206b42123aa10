"""The firewall before the API and the API itself use the same headers and values."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.http import cloudfront
from tests.template.test_permissions import granted
from tools.local_stack import templates
from tools.virtualenvs import ROOT


@pytest.fixture(scope="module")
def family() -> dict[str, dict[str, Any]]:
    return templates.family(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def distribution(family: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = family["infrastructure/cloudfront.yaml"]["Resources"]["Distribution"]["Properties"][
        "DistributionConfig"
    ]
    return found


def test_the_secret_that_is_shown_is_the_one_that_is_asked_for(
    family: dict[str, dict[str, Any]], distribution: dict[str, Any]
) -> None:
    resources = family["template.yaml"]["Resources"]
    (origin,) = distribution["Origins"]
    (header,) = origin["OriginCustomHeaders"]
    assert header["HeaderName"] == cloudfront.PROOF
    assert header["HeaderValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${FrontSecretArn}:SecretString:secret}}"}
    assert resources["FrontSecret"]["Properties"]["GenerateSecretString"]["GenerateStringKey"] == "secret"
    secret = {"Fn::GetAtt": ["FrontSecret", "Id"]}
    assert resources["Front"]["Properties"]["Parameters"]["FrontSecretArn"] == {"Fn::If": ["HasWebAcl", secret, ""]}
    assert resources["PagesFront"]["Properties"]["Parameters"]["FrontSecretArn"] == secret
    variables = resources["ApiFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["FRONT_SECRET_ARN"] == {"Fn::If": ["HasFrontSecret", secret, ""]}
    assert variables["FRONT_REQUIRED"] == {"Fn::If": ["HasWebAcl", "true", "false"]}, (
        "without a web ACL clients may call the API"
    )


def test_only_the_api_reads_it_and_only_when_it_is_there(family: dict[str, dict[str, Any]]) -> None:
    allowed = granted(family, when="HasFrontSecret")
    assert allowed.pop("ApiFunction") == {"secretsmanager:GetSecretValue"}
    assert not any(allowed.values())


def test_cloudfront_itself_sets_the_viewer_s_address(
    family: dict[str, dict[str, Any]], distribution: dict[str, Any]
) -> None:
    code = family["infrastructure/cloudfront.yaml"]["Resources"]["ViewerAddress"]["Properties"]["FunctionCode"]
    assert f"event.request.headers['{cloudfront.VIEWER}'] = {{value: event.viewer.ip}}" in code
    (association,) = distribution["DefaultCacheBehavior"]["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"


def test_nothing_is_kept_on_the_way_and_nothing_is_plain(distribution: dict[str, Any]) -> None:
    behavior = distribution["DefaultCacheBehavior"]
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    (origin,) = distribution["Origins"]
    assert origin["CustomOriginConfig"] == {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    assert distribution["ViewerCertificate"]["Fn::If"][1]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert distribution["WebACLId"] == {"Ref": "WebAclArn"}
