"""The network that functions need on AWS; the emulator has no network."""

from __future__ import annotations

from typing import Any

from tests.aws_rules.conftest import Resource
from tools.quality import template_values
from tools.virtualenvs import ROOT


def there(network: str) -> dict[str, Any]:
    """The resources of the network with this parameter."""
    deployed = template_values.deployed(ROOT / "template.yaml", {"Network": network})
    (database,) = (each for each in deployed if "Vpc" in each.content["Resources"])
    return {name: one["Properties"] for name, one in database.resources() if "Properties" in one}


def test_over_ipv6_nothing_is_billed_by_the_hour() -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html: there is no charge for it."""
    found = there("ipv6")
    assert {"EgressOnlyGateway", "PrivateWayOutIpv6", "S3Endpoint"} <= found.keys()
    billed = {"NatGateway", "NatAddress", "SqsEndpoint", "SecretsEndpoint", "FlagsEndpoint"}
    assert not billed & found.keys()
    assert billed <= there("nat").keys()
    assert not {"EgressOnlyGateway", "PrivateWayOutIpv6"} & there("nat").keys()


def test_over_ipv6_functions_and_gateways_have_ipv6(template: dict[str, Any], resources: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-ipv6.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-ip-address-type.html.
    """
    shared = template["Globals"]["Function"]
    config = shared["VpcConfig"]["Fn::If"][1]
    assert config["Ipv6AllowedForDualStack"] == {"Fn::If": ["IsIpv6", True, False]}
    dual = {"Fn::If": ["IsIpv6", "dualstack", "ipv4"]}
    assert resources["WebSocketApi"]["Properties"]["IpAddressType"] == dual
    assert shared["Environment"]["Variables"]["AWS_USE_DUALSTACK_ENDPOINT"] == {"Fn::If": ["IsIpv6", "true", "false"]}


def test_subnets_have_ipv6_blocks_of_their_own() -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html: a subnet's IPv6 block is a /64."""
    found = there("ipv6")
    blocks = [found[name]["Ipv6CidrBlock"]["Fn::Select"] for name in ("PrivateSubnetA", "PrivateSubnetB")]
    assert [number for number, _ in blocks] == [0, 1]
    assert all(cut["Fn::Cidr"][2] == 64 for _, cut in blocks)


def test_functions_reach_postgres_and_https_alone() -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html: IPv6 needs a rule of its own."""
    found = there("ipv6")
    postgres, https = found["FunctionSecurityGroup"]["SecurityGroupEgress"]
    over_ipv6 = found["FunctionEgressIpv6"]
    assert over_ipv6["GroupId"] == {"Ref": "FunctionSecurityGroup"}
    assert [one["FromPort"] for one in (postgres, https, over_ipv6)] == [5432, 443, 443]
    assert (https["CidrIp"], over_ipv6["CidrIpv6"]) == ("0.0.0.0/0", "::/0")
    assert "FunctionEgressIpv6" not in there("nat")
