"""The files in events/ are events that the deployed functions understand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.environments import ROOT
from tests.stack import Stack

EVENTS = sorted((ROOT / "events").glob("*/*.json"))


@pytest.fixture(scope="module")
def functions(stack: Stack) -> dict[str, str]:
    """The deployed name of the function in each folder."""
    cloudformation = client(stack, "cloudformation")
    found = cloudformation.describe_stack_resources(StackName=stack.said["stack_name"])["StackResources"]
    return {
        one["LogicalResourceId"].removesuffix("Function").lower(): one["PhysicalResourceId"]
        for one in found
        if one["ResourceType"] == "AWS::Lambda::Function"
    }


def client(stack: Stack, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload] # any service: the stubs know those installed
        endpoint_url=stack.said["aws_endpoint_url"],
        region_name=stack.said["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_every_function_has_events() -> None:
    assert {path.parent.name for path in EVENTS} == {path.parent.name for path in ROOT.glob("functions/*/app.py")}


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_is_understood(path: Path, stack: Stack, functions: dict[str, str]) -> None:
    event = path.read_text().replace("PUT-THE-JWT-SECRET-ARN-HERE", stack.said["jwt_secret_arn"])
    name = functions[path.parent.name.replace("_", "")]
    answer = client(stack, "lambda").invoke(FunctionName=name, Payload=event.encode())
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    assert not isinstance(payload, dict) or payload.get("statusCode", 200) < 500
