"""samconfig.toml agrees with the template and with `make up` deploys."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from tools.local_stack import templates
from tools.local_stack.deploy import parameters
from tools.local_stack.stack_config import PORT_BASE, REGION, STACK_NAME, Layout
from tools.virtualenvs import HOME, ROOT


@pytest.fixture(scope="module")
def samconfig() -> dict[str, Any]:
    return tomllib.loads((ROOT / "samconfig.toml").read_text())


def overrides(samconfig: dict[str, Any], environment: str) -> dict[str, str]:
    given = samconfig[environment]["deploy"]["parameters"].get("parameter_overrides", [])
    return dict(one.split("=", 1) for one in given)


def test_every_environment_is_there(samconfig: dict[str, Any]) -> None:
    assert {"default", "local", "small", "staging", "prod-first", "prod"} <= set(samconfig)


def test_the_first_deploy_of_prod_differs_only_in_its_deletion_protection(
    samconfig: dict[str, Any],
) -> None:
    first, later = overrides(samconfig, "prod-first"), overrides(samconfig, "prod")
    assert {name for name in later if first[name] != later[name]} == {"DatabaseDeletionProtection", "CanaryEnabled"}
    assert first["DatabaseDeletionProtection"] == first["CanaryEnabled"] == "false"
    assert set(first) == set(later)


def test_prod_names_an_address_for_alarms_and_the_pages_origins(samconfig: dict[str, Any]) -> None:
    assert {"AlarmEmail", "AllowedOrigins"} <= set(overrides(samconfig, "prod"))


def test_nothing_that_goes_to_aws_comes_from_a_stale_cache_or_leaves_its_artifacts(samconfig: dict[str, Any]) -> None:
    """SAM's cache key has no architecture: `sam build` for arm64 would take the layer of x86_64."""
    for environment, given in samconfig.items():
        if environment not in ("version", "local"):
            assert given["build"]["parameters"]["cached"] is False
            deploy = given["deploy"]["parameters"]
            assert deploy["s3_prefix"] == deploy["stack_name"]


def test_overrides_are_parameters_of_the_template(samconfig: dict[str, Any]) -> None:
    known = set(templates.read(ROOT / "template.yaml")["Parameters"])
    for environment in ("local", "small", "staging", "prod-first", "prod"):
        assert set(overrides(samconfig, environment)) <= known


def test_the_secret_and_make_up_mean_the_same_database() -> None:
    secret = templates.read(ROOT / "template.yaml")["Resources"]["LocalDatabaseSecret"]["Properties"]["SecretString"]
    layout = Layout(HOME, PORT_BASE)
    said = secret["Fn::Sub"].replace("${LocalDatabasePort}", str(layout.database_port))
    assert json.loads(said) == layout.database


def test_sam_deploy_and_make_up_deploy_the_same(samconfig: dict[str, Any]) -> None:
    by_make = parameters(Layout(HOME, PORT_BASE), "any", "any")
    machine = {"Runtime", "Architecture"}
    expected = {key: value for key, value in by_make.items() if key not in machine}
    assert overrides(samconfig, "local") == expected
    deploy = samconfig["local"]["deploy"]["parameters"]
    assert (deploy["stack_name"], deploy["region"]) == (STACK_NAME, REGION)


def test_new_values_of_parameters_are_published(samconfig: dict[str, Any]) -> None:
    """SAM makes versions of functions for changes of the template itself, not for parameters' values alone."""
    template = templates.read(ROOT / "template.yaml")
    given = {environment: overrides(samconfig, environment) for environment in ("small", "staging", "prod")}
    defaults = {name: one.get("Default") for name, one in template["Parameters"].items()}
    wanted = templates.configuration([given, defaults])
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["CONFIGURATION"] == wanted, f'in template.yaml, say CONFIGURATION: "{wanted}"'


def test_every_parameter_is_explained() -> None:
    explained = (ROOT / "docs/reference/parameters.md").read_text()
    own_parameters = templates.read(ROOT / "template.yaml")["Parameters"]
    unsaid = [name for name in own_parameters if not name.startswith("Local") and f"`{name}" not in explained]
    assert unsaid == []
