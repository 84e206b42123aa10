"""Functions verify Postgres on AWS with the right root certificates, and these stay valid for years."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import botocore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from orchestrator.store.connection import CERTIFICATES
from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: The reviewed bundle. A change of the file needs a change here.
SHA256 = "c1827822cd11b6f9c0fdcfc960d98a897b97b7a2c951d6ca884c9ec2705e2b1a"
#: Long enough to notice that this test fails, and to deploy new roots.
NOTICE = timedelta(days=5 * 365)
REGIONS = [
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-central-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "me-central-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
]


def name_of(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@pytest.fixture(scope="module")
def roots() -> dict[str, x509.Certificate]:
    return {name_of(root): root for root in x509.load_pem_x509_certificates(CERTIFICATES.read_bytes())}


def test_the_bundle_is_the_reviewed_one() -> None:
    assert hashlib.sha256(CERTIFICATES.read_bytes()).hexdigest() == SHA256


def test_every_certificate_is_a_root_that_lasts(roots: dict[str, x509.Certificate]) -> None:
    for root in roots.values():
        root.verify_directly_issued_by(root)
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert root.not_valid_after_utc > datetime.now(UTC) + NOTICE


def test_each_region_has_the_root_of_the_instances_certificate(roots: dict[str, x509.Certificate]) -> None:
    database = templates.family(ROOT / "template.yaml")["infrastructure/database.yaml"]["Resources"]["Postgres"][
        "Properties"
    ]
    kind, generation = database["CACertificateIdentifier"].removeprefix("rds-ca-").upper().split("-")
    regional = {f"Amazon RDS {region} Root CA {kind} {generation}" for region in REGIONS}
    assert {name for name in roots if name.startswith("Amazon RDS")} == regional


def test_the_roots_of_the_proxy_are_those_that_the_aws_sdk_trusts(roots: dict[str, x509.Certificate]) -> None:
    trusted = (Path(botocore.__file__).parent / "cacert.pem").read_text(encoding="utf-8")
    public = {name: root for name, root in roots.items() if not name.startswith("Amazon RDS")}
    assert sorted(public) == [f"Amazon Root CA {number}" for number in range(1, 5)]
    assert all(root.public_bytes(Encoding.PEM).decode() in trusted for root in public.values())


def test_every_function_verifies_a_database_that_the_template_creates() -> None:
    template = templates.read(ROOT / "template.yaml")
    functions = [one["Properties"] for one in template["Resources"].values() if one["Type"].endswith("::Function")]
    own = [one.get("Environment", {}).get("Variables", {}) for one in functions]
    assert sum("DATABASE_HOST" in variables for variables in own) == 2
    assert not any("DATABASE_AUTHORITY" in variables for variables in own), "one value serves every function"
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    assert shared["DATABASE_AUTHORITY"] == {
        "Fn::If": ["CreatesDatabase", "amazon", {"Ref": "ExistingDatabaseAuthority"}]
    }
    assert template["Parameters"]["ExistingDatabaseAuthority"]["AllowedValues"] == ["", "amazon", "public"]
