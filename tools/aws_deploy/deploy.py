"""`make aws ENV=staging`: check, build, deploy, upload the pages, promote the operator, and print the result."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.aws_deploy import pages, preflight, stacks
from tools.aws_deploy.environment import Clients, Environment, clients, named_failures, region_of_caller
from tools.local_stack import templates
from tools.progress import Refused, say, step
from tools.quality import monthly_cost
from tools.virtualenvs import ROOT, python


@named_failures()
def deploy() -> int:
    """Deploy the environment ENV; promote the account OPERATOR. A repetition is safe after any failure."""
    more = os.environ.get("PARAMETERS", "")
    environment = Environment.read(os.environ.get("ENV") or "staging", region_of_caller(), more)
    make = clients(environment.region)
    account = make("sts").get_caller_identity()["Account"]
    say(f"{environment.stack} in {environment.region}, account {account}")
    cloudformation = make("cloudformation")
    exists = stacks.settle(cloudformation, environment.stack)
    found = preflight.problems(environment, make, first=not exists)
    if found:
        raise Refused("\n".join(["Nothing was deployed:", *(f"- {one}" for one in found)]))
    version = service_version()
    for overrides in rounds(environment, exists=exists):
        run_sam(environment, overrides | {"ServiceVersion": version})
    outputs = stacks.outputs(cloudformation, environment.stack)
    _send_pages(make, outputs)
    promoted = _promote(make, outputs, os.environ.get("OPERATOR", ""))
    say(summary(environment, outputs, promoted=promoted))
    return 0


def rounds(environment: Environment, *, exists: bool) -> list[dict[str, str]]:
    """Return the parameters of each deploy that it takes.

    A first one goes without the protection that keeps CloudFormation from deleting it, and is followed by one with it.
    """
    wanted = dict(environment.overrides)
    first = wanted | {"DatabaseDeletionProtection": "false", "CanaryEnabled": "false"}
    changed = any(
        environment.parameters[name] != first[name] for name in ("DatabaseDeletionProtection", "CanaryEnabled")
    )
    return [wanted] if exists or not changed else [first, wanted]


def service_version(root: Path = ROOT, now: float | None = None) -> str:
    """Return a version that no deploy had before.

    CloudFormation keeps the function versions of a deploy that failed, and Lambda refuses to publish the same code and
    configuration again: a new value in the environment makes each try another.
    """
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
    return f"{_described(root) or 'unversioned'}-{stamp}"


def _described(root: Path) -> str:
    """Return Git's name of the working copy; empty where it is none, or where Git is not installed."""
    if shutil.which("git") is None:
        return ""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=root, check=False, capture_output=True, text=True).stdout.strip()


def run_sam(environment: Environment, overrides: Mapping[str, str]) -> None:
    """Build without a cache and deploy the build."""
    given = [f"{name}={value}" for name, value in overrides.items()]
    with step("sam build"):
        shutil.rmtree(environment.build_folder, ignore_errors=True)
        _sam(environment, "build", "--build-dir", str(environment.build_folder), given=given, quiet=True)
    built = environment.build_folder / "template.yaml"
    built.write_text(published(built.read_text(), overrides))
    say("sam deploy (a first one takes 20 to 25 minutes):")
    confirm = "--confirm-changeset" if environment.confirms else "--no-confirm-changeset"
    _sam(environment, "deploy", "--template-file", str(built), "--no-fail-on-empty-changeset", confirm, given=given)


def published(template: str, overrides: Mapping[str, str]) -> str:
    """Return the template with a CONFIGURATION of these values.

    SAM publishes a new version of a function for a change of the template, not for a parameter's value alone.
    """
    mark = templates.configuration(dict(overrides))
    text, found = re.subn(r"(CONFIGURATION: )['\"]?[0-9a-z]+['\"]?", rf'\g<1>"{mark}"', template)
    if found != 1:
        raise Refused("The built template has no CONFIGURATION variable to set")
    return text


def _sam(environment: Environment, *command: str, given: list[str], quiet: bool = False) -> None:
    machine = "aarch64" if environment.parameters["Architecture"] == "arm64" else "x86_64"
    variables = {
        **os.environ,
        "AWS_REGION": environment.region,
        "AWS_DEFAULT_REGION": environment.region,
        "SAM_CLI_TELEMETRY": "0",
        "PYTHONPATH": "",
        "LAYER_PYTHON": environment.parameters["Runtime"],
        "LAYER_ARCHITECTURE": machine,
    }
    options = ("--config-env", environment.name, "--region", environment.region, "--parameter-overrides", *given)
    ended = subprocess.run(
        [str(python("sam")), "-m", "samcli", *command, *options],
        cwd=ROOT,
        env=variables,
        check=False,
        capture_output=quiet,
        text=True,
    )
    if ended.returncode:
        output = f"\n{ended.stderr[-4000:]}" if quiet else ""
        raise Refused(f"sam {command[0]} failed.{output}\nMend the cause above, then repeat the same command.")


def _send_pages(make: Clients, outputs: Mapping[str, str]) -> None:
    if "PagesBucket" in outputs:
        with step("pages"):
            sent, gone = pages.upload(make("s3"), outputs["PagesBucket"])
        say(f"    {sent} files sent, {gone} removed")


def _promote(make: Clients, outputs: Mapping[str, str], operator: str) -> bool:
    """Promote the operator, if one is named; return whether that worked."""
    if not operator:
        return False
    event = json.dumps({"operator": operator}).encode()
    answer = make("lambda").invoke(FunctionName=outputs["MigrateFunctionName"], Payload=event)
    payload: Any = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        say(f"  {operator} was not promoted: {payload.get('errorMessage', payload)}")
        return False
    say(f"  {operator} is an operator; sign in again: a token carries the role of its account")
    return True


def summary(environment: Environment, outputs: Mapping[str, str], *, promoted: bool) -> str:
    """Return the addresses, the month's price, and the remaining steps."""
    home = outputs.get("PagesUrl", "")
    dollars = sum(line.dollars for line in monthly_cost.idle(environment.name))
    lines = [
        "",
        f"  pages      {home or 'yours to host; name their origin in AllowedOrigins'}",
        f"  operators  {home + '/operator/' if home else 'the same'}",
        f"  API        {outputs['HttpUrl']}",
        f"  price      about ${dollars:.0f} a month with nothing to do (docs/explanation/cost.md)",
        "",
        "Next:",
    ]
    if environment.parameters["AlarmEmail"]:
        lines.append(f"- confirm the mail that SNS sends to {environment.parameters['AlarmEmail']}")
    for name, target in (("PagesDomainName", "PagesDomainTarget"), ("DomainName", "HttpDomainTarget")):
        if environment.parameters[name]:
            lines.append(f"- a CNAME record {environment.parameters[name]} → {outputs.get(target, '')}")
    if environment.parameters["SocketDomainName"]:
        lines.append(f"- a CNAME record {environment.parameters['SocketDomainName']} → {outputs['SocketDomainTarget']}")
    if not promoted:
        lines.append(f"- sign up on the pages, then: make aws ENV={environment.name} OPERATOR=your-name")
    lines.append(f"- orchestrator login --url {home or outputs['HttpUrl']} --name your-name")
    return "\n".join(lines)
