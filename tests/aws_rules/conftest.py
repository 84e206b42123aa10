"""The templates as this suite reads them. Each test is a rule of AWS that the emulator does not enforce."""

from __future__ import annotations

from typing import Any

import pytest

from tools.local_stack import templates
from tools.virtualenvs import ROOT

Resource = dict[str, Any]


@pytest.fixture(scope="session")
def family() -> dict[str, dict[str, Any]]:
    return templates.family(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def template(family: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return family["template.yaml"]


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Resource]:
    found: dict[str, Resource] = template["Resources"]
    return found


@pytest.fixture(scope="session")
def functions(resources: dict[str, Resource]) -> dict[str, Resource]:
    """The functions' properties by logical id."""
    return {n: one["Properties"] for n, one in resources.items() if one["Type"] == "AWS::Serverless::Function"}
