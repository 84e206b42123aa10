"""The templates nested in template.yaml, on AWS alone, and their common rules."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.template.test_template import Resource, everything_in, of_type
from tools.local_stack import templates
from tools.virtualenvs import ROOT


@pytest.fixture(scope="module")
def family() -> dict[str, dict[str, Any]]:
    return templates.family(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def resources(family: dict[str, dict[str, Any]]) -> dict[str, Resource]:
    found: dict[str, Resource] = family["template.yaml"]["Resources"]
    return found


def test_nested_templates_receive_their_parameters(
    family: dict[str, dict[str, Any]], resources: dict[str, Resource]
) -> None:
    for one in of_type(resources, "AWS::CloudFormation::Stack").values():
        assert set(one["Parameters"]) == set(family[one["TemplateURL"]]["Parameters"])


def test_the_outputs_taken_from_nested_templates_exist(
    family: dict[str, dict[str, Any]], resources: dict[str, Resource]
) -> None:
    outputs = {
        name: set(family[one["TemplateURL"]].get("Outputs", {}))
        for name, one in of_type(resources, "AWS::CloudFormation::Stack").items()
    }
    taken: dict[str, set[str]] = {name: set() for name in outputs}
    for part in everything_in(family["template.yaml"]):
        name, _, output = ".".join(part.get("Fn::GetAtt", ())).partition(".Outputs.")
        if output:
            taken[name].add(output)
    assert taken == outputs


def test_the_database_is_private_encrypted_and_kept(family: dict[str, dict[str, Any]]) -> None:
    database = family["infrastructure/database.yaml"]["Resources"]["Postgres"]
    said = database["Properties"]
    assert said["PubliclyAccessible"] is False
    assert said["StorageEncrypted"] is True
    assert said["ManageMasterUserPassword"] is True
    assert said["BackupRetentionPeriod"] >= 7
    assert database["DeletionPolicy"] == "RetainExceptOnCreate", "a first deploy that fails can be taken back"
    assert database["UpdateReplacePolicy"] == "Snapshot"


def test_every_login_is_changed_by_and_by(family: dict[str, dict[str, Any]], resources: dict[str, Resource]) -> None:
    given = resources["Rotation"]["Properties"]["Parameters"]["Logins"]["Fn::Join"][1]
    assert {one["Fn::GetAtt"][0] for one in given} == {name for name in resources if name.endswith("Login")}
    schedules = of_type(
        family["infrastructure/secret_rotation.yaml"]["Resources"], "AWS::SecretsManager::RotationSchedule"
    )
    turned = [one["SecretId"] for one in schedules.values()]
    assert {"Ref": "TokenKeys"} in turned
    assert all({"Fn::Select": [number, {"Ref": "Logins"}]} in turned for number in range(len(given)))


#: Where a resource type takes a key.
SEALED = {
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::RDS::DBInstance": "KmsKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
}


def test_a_key_of_one_s_own_seals_all_that_is_kept(family: dict[str, dict[str, Any]]) -> None:
    key = {"Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
    open_still = {
        name
        for template in family.values()
        for name, one in template["Resources"].items()
        if one["Type"] in SEALED and one["Properties"].get(SEALED[one["Type"]]) != key
    }
    assert open_still == {"LocalDatabaseSecret"}


def test_the_scanner_reads_all_of_them(family: dict[str, dict[str, Any]]) -> None:
    said: list[str] = yaml.safe_load((ROOT / ".checkov.yaml").read_text())["file"]
    assert sorted(said) == sorted(family)
