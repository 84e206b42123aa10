"""The roots by which functions know Postgres on AWS: the right ones, and good for as long as anybody plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import botocore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from orchestrator.store.connection import CERTIFICATES
from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: Long enough for somebody to notice that this test fails, and to ship new ones.
NOTICE = timedelta(days=5 * 365)


def name_of(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@pytest.fixture(scope="module")
def roots() -> dict[str, list[x509.Certificate]]:
    """By file."""
    return {file.stem: x509.load_pem_x509_certificates(file.read_bytes()) for file in CERTIFICATES.glob("*.pem")}


def test_all_are_roots_and_last(roots: dict[str, list[x509.Certificate]]) -> None:
    for root in chain(*roots.values()):
        root.verify_directly_issued_by(root)
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert root.not_valid_after_utc > datetime.now(UTC) + NOTICE


def test_a_region_has_the_root_of_the_instances_certificate(roots: dict[str, list[x509.Certificate]]) -> None:
    database = templates.family(ROOT / "template.yaml")["infrastructure/database.yaml"]["Resources"]["Postgres"][
        "Properties"
    ]
    kind, generation = database["CACertificateIdentifier"].removeprefix("rds-ca-").upper().split("-")
    regions = {name: root for name, root in roots.items() if name != "proxy"}
    assert {"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2", "sa-east-1"} <= set(regions)
    for region, (root,) in regions.items():
        assert name_of(root) == f"Amazon RDS {region} Root CA {kind} {generation}"


def test_a_proxys_are_those_that_the_aws_sdk_trusts(roots: dict[str, list[x509.Certificate]]) -> None:
    trusted = (Path(botocore.__file__).parent / "cacert.pem").read_text(encoding="utf-8")
    assert [name_of(root) for root in roots["proxy"]] == [f"Amazon Root CA {number}" for number in range(1, 5)]
    assert all(root.public_bytes(Encoding.PEM).decode() in trusted for root in roots["proxy"])


def test_who_is_told_of_a_host_is_told_who_certifies_it() -> None:
    template = templates.read(ROOT / "template.yaml")
    functions = [one["Properties"] for one in template["Resources"].values() if one["Type"].endswith("::Function")]
    hosts = [template["Globals"]["Function"]["Environment"]["Variables"]]
    hosts += [said for one in functions if "DATABASE_HOST" in (said := one.get("Environment", {}).get("Variables", {}))]
    assert len(hosts) == 3
    for said in hosts:
        condition, ours, existing = said["DATABASE_AUTHORITY"]["Fn::If"]
        assert condition == said["DATABASE_HOST"]["Fn::If"][0] == "CreatesDatabase"
        behind_proxy = said["DATABASE_HOST"]["Fn::If"][1]["Fn::GetAtt"] == ["Database", "Outputs.Entrance"]
        region = {"Ref": "AWS::Region"}
        assert ours == ({"Fn::If": ["IsDirect", region, "proxy"]} if behind_proxy else region)
        assert existing == {"Ref": "ExistingDatabaseAuthority"}
