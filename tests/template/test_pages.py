"""The pages and the API share an origin; CloudFront passes each path to one of the two."""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any

import pytest

from orchestrator.http import cloudfront
from tools.local_stack import templates
from tools.local_stack.proxy import PAGES
from tools.virtualenvs import ROOT


@pytest.fixture(scope="module")
def family() -> dict[str, dict[str, Any]]:
    return templates.family(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def resources(family: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = family["infrastructure/pages.yaml"]["Resources"]
    return found


@pytest.fixture(scope="module")
def distribution(resources: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resources["Distribution"]["Properties"]["DistributionConfig"]
    return found


def to_api(distribution: dict[str, Any], path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, one["PathPattern"]) for one in distribution["CacheBehaviors"])


def test_every_route_goes_to_the_api(distribution: dict[str, Any]) -> None:
    routes = json.loads((ROOT / "shared/playmate/openapi.json").read_text())["paths"]
    assert [path for path in routes if not to_api(distribution, path)] == []


def test_no_file_of_the_pages_is_hidden_by_a_route(distribution: dict[str, Any]) -> None:
    files = [
        prefix + str(file.relative_to(ROOT / folder))
        for prefix, folder in PAGES
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "node_modules" not in file.parts
    ]
    assert len(files) > 50
    assert [path for path in files if to_api(distribution, path)] == []


def test_answers_of_the_api_are_neither_kept_nor_are_errors(distribution: dict[str, Any]) -> None:
    for behavior in distribution["CacheBehaviors"]:
        assert behavior["TargetOriginId"] == "api"
        assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert "POST" in behavior["AllowedMethods"]
        (association,) = behavior["FunctionAssociations"]
        assert association["FunctionARN"] == {"Fn::GetAtt": ["ViewerAddress", "FunctionARN"]}


def test_the_viewer_s_address_comes_with_the_proof(resources: dict[str, Any], distribution: dict[str, Any]) -> None:
    code = resources["ViewerAddress"]["Properties"]["FunctionCode"]
    assert f"event.request.headers['{cloudfront.VIEWER}'] = {{value: event.viewer.ip}}" in code
    (api,) = (one for one in distribution["Origins"] if one["Id"] == "api")
    (header,) = api["OriginCustomHeaders"]
    assert header["HeaderName"] == cloudfront.PROOF


def test_only_cloudfront_reads_the_bucket(resources: dict[str, Any]) -> None:
    assert set(resources["Bucket"]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    statements = resources["BucketForCloudFront"]["Properties"]["PolicyDocument"]["Statement"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    assert {one["Principal"]["Service"] for one in allowed} == {"cloudfront.amazonaws.com"}
    assert all("distribution/${Distribution}" in str(one["Condition"]) for one in allowed)


def test_pages_are_in_no_frame(resources: dict[str, Any], distribution: dict[str, Any]) -> None:
    headers = resources["Headers"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert headers["ContentSecurityPolicy"]["ContentSecurityPolicy"] == "frame-ancestors 'none'"
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert distribution["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == {"Ref": "Headers"}


def test_folders_are_their_index(resources: dict[str, Any]) -> None:
    """As `make up` serves them (tools/local_stack/proxy.py)."""
    code = resources["FolderIndex"]["Properties"]["FunctionCode"]
    redirected = set(re.findall(r"request\.uri === '(/\w+)'", code))
    assert redirected == {prefix.rstrip("/") for prefix, _ in PAGES} - {""}


def test_the_stack_itself_allows_the_pages_origin(family: dict[str, dict[str, Any]]) -> None:
    """A second deploy for AllowedOrigins is not needed."""
    resources = family["template.yaml"]["Resources"]
    origins = resources["ApiFunction"]["Properties"]["Environment"]["Variables"]["ALLOWED_ORIGINS"]["Fn::Join"][1]
    condition, with_pages, without = origins["Fn::If"]
    assert condition == resources["PagesFront"]["Condition"] == "HasPages"
    assert {"Fn::GetAtt": ["PagesFront", "Outputs.Url"]} in with_pages
    assert without == {"Ref": "AllowedOrigins"}
    assert "PagesFront" not in str(resources["HttpApi"]), "the pages wait for the API, not the API for them"
