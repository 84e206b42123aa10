"""No logical id is renamed or given another type, and none with data moves: CloudFormation would delete it."""

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


#: Resources of these types have no data, and no name or address that others know: one of them may move to a nested
#: template, under its logical id. CloudFormation makes the new one first and deletes the old one last.
MOVABLE = {"AWS::CloudWatch::Alarm", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}


def test_every_deployed_resource_is_still_there() -> None:
    family = templates.family(ROOT / "template.yaml")
    kinds = {file: {n: one["Type"] for n, one in each["Resources"].items()} for file, each in family.items()}
    changed = [
        (file, name)
        for file, known in DEPLOYED["types"].items()
        for name, kind in known.items()
        if kinds[file].get(name) != kind
        and not (kind in MOVABLE and [each[name] for each in kinds.values() if name in each] == [kind])
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
