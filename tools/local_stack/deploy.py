"""A built template brought up on MiniStack with plain CloudFormation calls.

The same template and artefacts as `sam deploy --config-env local`, which works too; this spares the change
set and the polling, a few seconds of every start.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Container
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tools.local_stack import templates
from tools.local_stack.stack_config import APPLICATION, AWS_KEYS, REGION, STACK_NAME, Layout
from tools.progress import Refused

BUCKET = "local-artifacts"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
#: Scheme, host and port.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


def client(layout: Layout, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload] # overloads want a literal name; here any service is asked for
        endpoint_url=layout.aws_url,
        region_name=REGION,
        aws_access_key_id=AWS_KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=AWS_KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(read_timeout=120, retries={"max_attempts": 2}),
    )


def parameters(layout: Layout, runtime: str, architecture: str) -> dict[str, str]:
    """Return the template's parameters on this machine."""
    return {
        "Target": "local",
        "Environment": "local",
        "Runtime": runtime,
        "Architecture": architecture,
        "AllowedOrigins": ",".join([*layout.origins, *more_origins()]),
        "LocalDatabasePort": str(layout.database_port),
        "LocalGatewayUrl": layout.aws_url,
        "LocalWebSocketUrl": layout.websocket_url,
        "WorkerConcurrency": "4",
        "LongConcurrency": "2",
        "LogLevel": "DEBUG",
        **_collector(),
        **({"Application": layout.application.name} if layout.application != APPLICATION else {}),
    }


def more_origins() -> list[str]:
    """Return the origins of other local frontends: `ALLOWED_ORIGINS=http://localhost:5173 make up`. Raise Refused."""
    given = [each.strip().rstrip("/") for each in os.environ.get("ALLOWED_ORIGINS", "").split(",")]
    for origin in filter(None, given):
        if not _ORIGIN.fullmatch(origin):
            raise Refused(f"ALLOWED_ORIGINS: {origin!r} is no origin; write it like http://localhost:5173.")
    return [origin for origin in given if origin]


def _collector() -> dict[str, str]:
    """Return the collector of your traces: `OTLP_ENDPOINT=http://127.0.0.1:4318 make up`."""
    endpoint = os.environ.get("OTLP_ENDPOINT", "")
    return {"OtlpEndpoint": endpoint} if endpoint else {}


def deploy(layout: Layout, built: Path, values: dict[str, str]) -> dict[str, str]:
    """Create or update the stack; returns its outputs."""
    template = _upload(layout, built, values)
    cloudformation = client(layout, "cloudformation")
    request = {
        "StackName": STACK_NAME,
        "TemplateURL": f"{layout.aws_url}/{BUCKET}/{quote(template)}",
        "Capabilities": _CAPABILITIES,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
    }
    well = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    try:
        cloudformation.create_stack(**request)
    except cloudformation.exceptions.AlreadyExistsException:
        if not _update(cloudformation, request):
            well.add("UPDATE_ROLLBACK_COMPLETE")  # a deploy failed, and the stack is as it should be again
    return _outputs(cloudformation, well)


def _update(cloudformation: Any, request: dict[str, Any]) -> bool:
    """False where the stack is like that already."""
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise Refused(f"The stack takes no deploy now: {error.response['Error']['Message']}") from error
        return False
    return True


def variables(layout: Layout) -> dict[str, dict[str, str]]:
    """Return the environment of every deployed function, by logical id."""
    resources = client(layout, "cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    functions = client(layout, "lambda")
    return {
        one["LogicalResourceId"]: functions.get_function_configuration(FunctionName=one["PhysicalResourceId"])[
            "Environment"
        ]["Variables"]
        for one in resources
        if one["ResourceType"] == "AWS::Lambda::Function"
    }


def _outputs(cloudformation: Any, well: Container[str]) -> dict[str, str]:
    deadline = monotonic() + 120
    stack = _describe(cloudformation)
    while stack["StackStatus"].endswith("IN_PROGRESS") and monotonic() < deadline:
        stack = _describe(cloudformation)
    if stack["StackStatus"] not in well:
        events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
        reasons = [
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in events
            if "FAILED" in event["ResourceStatus"]
        ]
        raise Refused("\n".join([f"The deploy ended as {stack['StackStatus']}.", *reasons]))
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _describe(cloudformation: Any) -> dict[str, Any]:
    stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    return stack


def _upload(layout: Layout, built: Path, values: dict[str, str]) -> str:
    """Put the artefacts and a template that names them into the local bucket; returns the template's key."""
    s3 = client(layout, "s3")
    s3.create_bucket(Bucket=BUCKET)
    template = templates.read(built / "template.yaml")
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables["CONFIGURATION"] = templates.configuration([values, template])
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri"):
            if isinstance(properties.get(name), str):
                content = _zip((built / properties[name]).resolve())
                properties[name] = f"s3://{BUCKET}/{_put(s3, content, 'zip')}"
        if resource["Type"] == "AWS::CloudFormation::Stack":
            nested = json.dumps(templates.read(built / properties["TemplateURL"])).encode()
            properties["TemplateURL"] = f"{layout.aws_url}/{BUCKET}/{_put(s3, nested, 'json')}"
    return _put(s3, json.dumps(template).encode(), "json")


def _put(s3: Any, content: bytes, kind: str) -> str:
    """Put an artefact into the local bucket under a name of its content; return its key."""
    key = f"{hashlib.sha256(content).hexdigest()[:32]}.{kind}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return key


def _zip(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(folder)))
                entry.external_attr = (path.stat().st_mode & 0o777) << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
