"""CloudFormation, Lambda's versions and the limits of a function's variables."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from orchestrator.entrypoints.custom_resource import respond
from tests.aws_rules.conftest import Resource
from tools.aws_deploy import deploy
from tools.quality import template_values
from tools.virtualenvs import ROOT

#: Bytes of a custom resource's answer.
LARGEST_ANSWER = 4096
#: Bytes of a function's environment, names and values together.
LARGEST_ENVIRONMENT = 4096
#: Bytes that a value may come to that AWS makes: an ARN with generated names.
LONGEST_ARN = 100
#: And an id, a number, a name or an address.
LONGEST_NAME = 60


class Versions:
    """Lambda and CloudFormation as they treat versions: none is published twice, and a rollback keeps them."""

    def __init__(self) -> None:
        self.published: set[tuple[str, str]] = set()

    def deploy(self, code: str, version: str, *, fails: bool) -> str:
        """Return how the deploy ends."""
        if (code, version) in self.published:
            return "A version for this Lambda function exists"
        self.published.add((code, version))
        return "UPDATE_ROLLBACK_COMPLETE" if fails else "UPDATE_COMPLETE"


def test_a_deploy_that_failed_can_be_repeated_unchanged(template: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html.

    "Lambda doesn't publish a version if the function's configuration and code haven't changed since the last version."
    """
    assert template["Globals"]["Function"]["Environment"]["Variables"]["SERVICE_VERSION"] == {"Ref": "ServiceVersion"}
    versions = Versions()
    first, again = deploy.service_version(now=0.0), deploy.service_version(now=60.0)
    assert versions.deploy("code", first, fails=True) == "UPDATE_ROLLBACK_COMPLETE"
    assert versions.deploy("code", first, fails=False) != "UPDATE_COMPLETE", "as it would be without a new version"
    assert versions.deploy("code", again, fails=False) == "UPDATE_COMPLETE"


@pytest.fixture
def answers() -> Iterator[tuple[str, list[bytes]]]:
    """CloudFormation's bucket: its address and its content."""
    received: list[bytes] = []

    class Bucket(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/answer", received
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_a_custom_resource_always_answers_briefly(answers: tuple[str, list[bytes]], kind: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html: 4,096 bytes.

    A delete does nothing and succeeds; an id that changed would make CloudFormation delete the old resource.
    """
    url, received = answers

    def work(_: object) -> None:
        raise ValueError("ü" * 5000 + "\nDETAIL: somebody's data")

    event = {
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:us-east-1:1:stack/" + "s" * 128,
        "RequestId": "r" * 36,
        "LogicalResourceId": "MigrateBefore",
        "PhysicalResourceId": "MigrateBefore",
        "ResourceProperties": {},
    }
    respond(event, work)
    (body,) = received
    answer = json.loads(body)
    assert len(body) <= LARGEST_ANSWER
    assert answer["PhysicalResourceId"] == "MigrateBefore"
    assert answer["Status"] == ("SUCCESS" if kind == "Delete" else "FAILED")
    assert "somebody" not in answer["Reason"]


def test_a_custom_resource_reaches_cloudformation_s_bucket_by_a_way_of_its_own(
    family: dict[str, dict[str, Any]],
) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html."""
    endpoint = family["infrastructure/database.yaml"]["Resources"]["S3Endpoint"]
    assert "Condition" not in endpoint
    assert endpoint["Properties"]["VpcEndpointType"] == "Gateway"


def test_migrations_outlast_no_custom_resource(resources: dict[str, Resource], functions: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html."""
    for name in ("MigrateBefore", "MigrateAfter"):
        assert functions["MigrateFunction"]["Timeout"] < resources[name]["Properties"]["ServiceTimeout"] <= 3600


def test_a_function_s_environment_fits(template: dict[str, Any], functions: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 4 KB of environment variables."""
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    for name, one in functions.items():
        variables = {**shared, **one.get("Environment", {}).get("Variables", {})}
        size = sum(len(key) + _size(value) for key, value in variables.items())
        assert size <= LARGEST_ENVIRONMENT, name


def _size(value: Any) -> int:
    """Bytes a variable may come to: of a choice the longer one, of generated values as much as an ARN."""
    match value:
        case str():
            return len(value)
        case {"Fn::If": [_, chosen, otherwise]}:
            return max(_size(chosen), _size(otherwise))
        case {"Ref": str(name)}:
            return LONGEST_ARN if name.endswith("Arn") else LONGEST_NAME
        case {"Fn::Sub": str(text)}:
            return len(text) + text.count("${") * LONGEST_ARN if "Login" in text else len(text) + LONGEST_NAME
        case _:
            return LONGEST_ARN


@pytest.mark.parametrize("profile", ["small", "default", "staging", "prod-first", "prod"])
def test_a_first_deploy_can_be_taken_back(family: dict[str, dict[str, Any]], profile: str) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html.

    A protected instance cannot be deleted: the rollback of a first deploy would end in ROLLBACK_FAILED.
    """
    given = template_values.overrides(profile)
    default = family["template.yaml"]["Parameters"]["DatabaseDeletionProtection"]["Default"]
    protected = given.get("DatabaseDeletionProtection", default) == "true"
    assert not protected or f"{profile}-first" in (ROOT / "samconfig.toml").read_text()


def test_layers_belong_to_one_stack_and_go_with_it(resources: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-layerversion.html.

    Without a name every stack of an account publishes into the same layer; versions are retained by default.
    """
    for one in resources.values():
        if one["Type"] == "AWS::Serverless::LayerVersion":
            assert one["Properties"]["LayerName"]["Fn::Sub"].startswith("${AWS::StackName}-")
            assert one["Properties"]["RetentionPolicy"] == "Delete"


def test_flags_are_deployed_when_their_alarm_has_data(resources: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/appconfig/latest/userguide/monitoring-deployments.html.

    AppConfig takes a deployment back while its alarm is in ALARM or INSUFFICIENT_DATA.
    """
    assert resources["FlagsDeployment"]["DependsOn"] == "MigrateAfter"
