"""No logical id is renamed, moved or given another type: CloudFormation would delete the old resource with its data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped] # it ships none

from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: Type of each resource that a deployed stack may have, by template and logical id; and properties of the database and
#: its network that only a replacement can change. Extend it with new resources; never change a line.
DEPLOYED = json.loads(Path(__file__).with_name("logical_ids.json").read_text())


def test_every_deployed_resource_is_still_there() -> None:
    family = templates.family(ROOT / "template.yaml")
    changed = [
        (file, name)
        for file, known in DEPLOYED["types"].items()
        for name, kind in known.items()
        if family[file]["Resources"].get(name, {}).get("Type") != kind
    ]
    assert changed == []


@pytest.mark.parametrize("name", sorted(DEPLOYED["fixed"]))
def test_no_change_replaces_the_database_or_its_network(name: str) -> None:
    """CloudFormation's schema of each type says which properties only a replacement can change."""
    resource = templates.family(ROOT / "template.yaml")["infrastructure/database.yaml"]["Resources"][name]
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
    fixed = {each.removeprefix("/properties/") for each in schema["createOnlyProperties"]}
    given = {key: value for key, value in resource["Properties"].items() if key in fixed}
    assert given == DEPLOYED["fixed"][name]
