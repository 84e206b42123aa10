"""An AWS account as `make aws` sees it, and an environment to deploy there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

from tools.aws_deploy.environment import Environment


def environment(name: str = "staging", **parameters: str) -> Environment:
    found = Environment.read(name, "us-east-1")
    return replace(found, parameters={**found.parameters, **parameters})


class Account:
    """Clients of an account in which everything is well, unless a test says otherwise."""

    def __init__(self) -> None:
        self.services: dict[str, MagicMock] = {}
        self("lambda").get_account_settings.return_value = {"AccountLimit": {"ConcurrentExecutions": 1000}}
        self.zones({"us-east-1a": "use1-az1", "us-east-1b": "use1-az2", "us-east-1c": "use1-az3"})
        self("ec2").describe_vpcs.return_value = {"Vpcs": [{}]}
        self("ec2").describe_addresses.return_value = {"Addresses": []}
        self("service-quotas").get_service_quota.return_value = {"Quota": {"Value": 5.0}}

    def __call__(self, service: str, region: str | None = None) -> Any:
        return self.services.setdefault(service, MagicMock(name=service))

    def zones(self, zones: dict[str, str], served: list[str] | None = None) -> None:
        self("ec2").describe_availability_zones.return_value = {
            "AvailabilityZones": [{"ZoneName": name, "ZoneId": id} for name, id in zones.items()]
        }
        self("ec2").describe_vpc_endpoint_services.return_value = {
            "ServiceDetails": [{"AvailabilityZones": served or list(zones)}] * 3
        }
