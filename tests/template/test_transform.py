"""The transformed template of production can be deployed: it transforms, with neither ghosts nor circles."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.local_stack import templates
from tools.virtualenvs import ROOT, python

TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

template = yaml_parse(open(sys.argv[1]).read())
for resource in template["Resources"].values():
    for name in ("CodeUri", "ContentUri"):
        if name in resource.get("Properties", {}):
            resource["Properties"][name] = "s3://bucket/key.zip"
policies = type("Policies", (), {"load": lambda self: {}})()
print(json.dumps(transform(template, json.loads(sys.argv[2]), policies)))
"""


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    made = subprocess.run(
        [
            python("sam"),
            "-c",
            TRANSFORM,
            ROOT / "template.yaml",
            json.dumps({"CanaryEnabled": "true", "Target": "aws"}),
        ],
        capture_output=True,
        text=True,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        check=False,
    )
    assert made.returncode == 0, made.stderr
    found: dict[str, Any] = json.loads(made.stdout)
    return found


@pytest.fixture(scope="module")
def resources(transformed: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = transformed["Resources"]
    return found


def test_cloudformation_takes_it(transformed: dict[str, Any], tmp_path: Path) -> None:
    """A lint before the transform does not see the resources that SAM adds."""
    made = tmp_path / "transformed.json"
    made.write_text(json.dumps(transformed))
    for one in templates.family(ROOT / "template.yaml"):
        (tmp_path / one).parent.mkdir(exist_ok=True)
        (tmp_path / one).write_bytes((ROOT / one).read_bytes())
    # Warnings are about SAM's own repetitions.
    lint = [str(python("dev").with_name("cfn-lint")), "--ignore-checks", "W", "--", str(made)]
    said = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_two_stacks_can_stand_side_by_side(resources: dict[str, Any]) -> None:
    """SAM gives some things the same name in every stack."""
    named = {name: one["Properties"]["Name"] for name, one in resources.items() if "Name" in one.get("Properties", {})}
    fixed = {name for name, value in named.items() if isinstance(value, str) and not name.endswith("Aliaslive")}
    assert fixed == {"FlagsProfile"}, "of its application, which has the stack's name"


def test_a_canary_is_taken_back_by_the_alarms(resources: dict[str, Any]) -> None:
    groups = {n: one["Properties"] for n, one in resources.items() if one["Type"] == "AWS::CodeDeploy::DeploymentGroup"}
    assert set(groups) == {
        f"{n}FunctionDeploymentGroup" for n in ("Api", "Worker", "LongWorker", "Websocket", "Push", "Sweeper")
    }
    for group in groups.values():
        condition, on_aws, elsewhere = group["AlarmConfiguration"]["Fn::If"]
        assert (condition, on_aws["Enabled"], len(on_aws["Alarms"]), elsewhere) == ("IsAws", True, 4, {})


def test_new_code_waits_for_its_migrations_and_the_last_ones_for_it(resources: dict[str, Any]) -> None:
    for name in ("Api", "Worker", "LongWorker", "Websocket", "Push", "Sweeper"):
        assert resources[f"{name}Function"]["DependsOn"] == "MigrateBefore"
        assert f"{name}FunctionAliaslive" in resources["MigrateAfter"]["DependsOn"]


def test_everything_that_is_depended_on_is_there(resources: dict[str, Any]) -> None:
    missing = [
        (name, needed)
        for name, one in resources.items()
        for needed in _listed(one.get("DependsOn", []))
        if needed not in resources
    ]
    assert missing == []


def test_nothing_waits_for_itself(resources: dict[str, Any]) -> None:
    needs = {name: {each for each in _references(one) if each in resources} for name, one in resources.items()}
    while needs:
        free = {name for name, others in needs.items() if not others & needs.keys()}
        assert free, f"a circle among {sorted(needs)}"
        needs = {name: others for name, others in needs.items() if name not in free}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    if not isinstance(value, dict):
        return
    for key, inside in value.items():
        match key:
            case "Ref" | "DependsOn":
                yield from _listed(inside)
            case "Fn::GetAtt":
                yield _listed(inside)[0].split(".")[0]
            case "Fn::Sub":
                yield from re.findall(r"\$\{(\w+)", _listed(inside)[0])
                yield from _references(_listed(inside)[1:])
            case _:
                yield from _references(inside)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
