"""The environment of functions, which many can read, has names and addresses only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.test_template import everything_in, functions, of_type
from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: Parts of a database's secret that a deploy reads: its address, never its login.
ADDRESS = {"host", "port", "dbname"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return templates.read(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def variables(template: dict[str, Any]) -> list[tuple[str, Any]]:
    """Name and value of every variable of every function."""
    holders = [template["Globals"]["Function"], *functions(template["Resources"]).values()]
    return [pair for one in holders for pair in one.get("Environment", {}).get("Variables", {}).items()]


def named_in(value: Any) -> Iterator[str]:
    """The parameters and resources a value refers to."""
    for part in everything_in(value):
        if "Ref" in part:
            yield part["Ref"]
        if "Fn::GetAtt" in part:
            yield part["Fn::GetAtt"][0]
        if "Fn::Sub" in part:
            text = part["Fn::Sub"] if isinstance(part["Fn::Sub"], str) else part["Fn::Sub"][0]
            yield from (name.split(".")[0] for name in re.findall(r"\$\{([\w.:]+)\}", text))


def test_no_variable_is_resolved_to_a_secret_s_value(variables: list[tuple[str, Any]]) -> None:
    text = json.dumps(variables)
    resolved = re.findall(r"\{\{resolve:(\w[\w-]*):(.*?)\}\}", text)
    assert resolved
    assert {service for service, _ in resolved} == {"secretsmanager"}
    assert {rest.rsplit(":SecretString:", 1)[-1] for _, rest in resolved} <= ADDRESS


def test_a_variable_names_a_secret_by_its_arn(template: dict[str, Any], variables: list[tuple[str, Any]]) -> None:
    secrets = set(of_type(template["Resources"], "AWS::SecretsManager::Secret"))
    assert len(secrets) >= 6
    known = {name for name, value in variables if secrets & set(named_in(value))}
    assert {name for name in known if not name.endswith("_ARN")} == {"DATABASE_LOGINS"}
    logins = next(value for name, value in variables if name == "DATABASE_LOGINS")
    assert "resolve" not in json.dumps(logins)


def test_no_parameter_that_is_kept_from_sight_is_shown(
    template: dict[str, Any], variables: list[tuple[str, Any]]
) -> None:
    hidden = {name for name, one in template["Parameters"].items() if one.get("NoEcho")}
    secret = {name for name in template["Parameters"] if re.search("Password|Secret(?!Arn)|Token|Key(?!Arn)", name)}
    assert [name for name, value in variables if (hidden | secret) & set(named_in(value))] == []
