"""Find before a deploy the problems that would fail it after 20 minutes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.aws_deploy.environment import Clients, Environment
from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: Executions that stay free: one each for the API, the WebSocket function, the sweeper and a deploy.
SPARE = 4
#: Executions that Lambda keeps unreserved in an account.
UNRESERVED = 100
#: Zones where Lambda has no subnets, by their id: names differ from account to account.
#: https://github.com/keboola/developer-portal/issues/81, https://github.com/awslabs/aws-orbit-workbench/issues/320
WITHOUT_LAMBDA = {"use1-az3", "usw1-az2", "apne1-az3"}
#: Interface endpoints of infrastructure/database.yaml.
ENDPOINTS = ("sqs", "secretsmanager", "appconfigdata")
#: Quotas of a region (Service Quotas codes), by the counted resource.
VPCS, ADDRESSES = ("vpc", "L-F678F1CE"), ("ec2", "L-0263D0A3")

Check = Callable[[Environment, Clients], Iterator[str]]


def problems(environment: Environment, make: Clients, *, first: bool) -> list[str]:
    """Return everything that stands in the way, each with a remedy. `first`: there is no stack yet."""
    found = [*placeholders(environment, make), *region(environment, make), *tools(environment, make)]
    checks: Sequence[Check] = (concurrency, certificates, *((zones, network_quotas) if first else ()))
    for check in checks:
        try:
            found += check(environment, make)
        except (ClientError, BotoCoreError) as error:
            found.append(f"AWS does not answer the check of {check.__name__.replace('_', ' ')}: {error}")
    return found


def placeholders(environment: Environment, _: Clients) -> Iterator[str]:
    for name, value in environment.parameters.items():
        if "example.com" in value:
            yield f"{name}={value} in samconfig.toml: put your own in, or leave it empty"


def region(environment: Environment, _: Clients) -> Iterator[str]:
    (rule,) = templates.read(ROOT / "template.yaml")["Rules"]["RegionIsKnown"]["Assertions"]
    known, _region = rule["Assert"]["Fn::Contains"]
    if environment.region not in known:
        yield (
            f"Region {environment.region}: no root certificate of its RDS instances is shipped"
            " (docs/reference/aws-regions.md lists the regions)"
        )


def tools(environment: Environment, _: Clients) -> Iterator[str]:
    wanted = environment.parameters["Runtime"]
    if shutil.which(wanted) is None:
        yield f"{wanted} is not on the PATH: install it, the layer is built with it"


def concurrency(environment: Environment, make: Clients) -> Iterator[str]:
    """New accounts have ten concurrent executions: pollers with more would take them all."""
    limit = int(make("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    given = environment.parameters
    workers, long, pushes, reserved = (
        int(given[name]) for name in ("WorkerConcurrency", "LongConcurrency", "PushConcurrency", "ApiConcurrency")
    )
    needed = workers + long + pushes + (reserved or SPARE)
    if needed > limit:
        yield (
            f"This account has {limit} concurrent executions in {environment.region}, and WorkerConcurrency={workers}"
            f" + LongConcurrency={long} + PushConcurrency={pushes} leave fewer than {SPARE} for everything else."
            " Ask for 1,000, which is free:\n"
            "    aws service-quotas request-service-quota-increase --service-code lambda"
            " --quota-code L-B99A9384 --desired-value 1000\n"
            "  or deploy with less until it is granted (ENV=small needs ten)"
        )
    if reserved and limit - reserved < UNRESERVED:
        yield f"ApiConcurrency={reserved} leaves fewer than {UNRESERVED} of {limit} executions unreserved"


def certificates(environment: Environment, make: Clients) -> Iterator[str]:
    given = environment.parameters
    behind_acl = bool(given["WebAclArn"])
    wanted = [
        ("PagesCertificateArn", "us-east-1", [given["PagesDomainName"]]),
        ("FrontCertificateArn", "us-east-1", [given["DomainName"]] if behind_acl else []),
        ("CertificateArn", environment.region, [given["SocketDomainName"], "" if behind_acl else given["DomainName"]]),
    ]
    for parameter, where, names in wanted:
        for name in filter(None, names):
            yield from _certificate(parameter, given[parameter], where, name, make)


def _certificate(parameter: str, arn: str, where: str, name: str, make: Clients) -> Iterator[str]:
    if not arn:
        yield f"{parameter} is empty: {name} needs a certificate of ACM in {where}"
        return
    if arn.split(":")[3] != where:
        yield f"{parameter} is in {arn.split(':')[3]}: {name} needs one in {where}"
        return
    found: dict[str, Any] = make("acm", where).describe_certificate(CertificateArn=arn)["Certificate"]
    names = [found["DomainName"], *found.get("SubjectAlternativeNames", [])]
    if found["Status"] != "ISSUED":
        yield f"{parameter} is {found['Status']}, not ISSUED: ACM waits for its DNS record"
    if name not in names and f"*.{name.partition('.')[2]}" not in names:
        yield f"{parameter} is for {', '.join(names)}, not for {name}"


def zones(environment: Environment, make: Clients) -> Iterator[str]:
    """Check that the subnets' zones have Lambda and every endpoint service."""
    if environment.parameters["ExistingDatabaseSecretArn"]:
        return
    ec2 = make("ec2")
    known = {
        one["ZoneName"]: one["ZoneId"]
        for one in ec2.describe_availability_zones()["AvailabilityZones"]
        if one.get("ZoneType", "availability-zone") == "availability-zone"
    }
    good = {name for name, id in known.items() if id not in WITHOUT_LAMBDA}
    if environment.parameters["Network"] == "nat":
        names = [f"com.amazonaws.{environment.region}.{service}" for service in ENDPOINTS]
        for service in ec2.describe_vpc_endpoint_services(ServiceNames=names)["ServiceDetails"]:
            good &= set(service["AvailabilityZones"])
    listed = environment.parameters["Zones"]
    chosen = listed.split(",") if listed else sorted(known)[:2]
    bad = [zone for zone in chosen if zone not in good]
    if bad:
        yield (
            f"Zone {', '.join(bad)} lacks Lambda or an endpoint service: add Zones={','.join(sorted(good)[:2])} to"
            f" [{environment.name}.deploy.parameters] in samconfig.toml"
        )


def network_quotas(environment: Environment, make: Clients) -> Iterator[str]:
    if environment.parameters["ExistingDatabaseSecretArn"]:
        return
    ec2 = make("ec2")
    used = [(VPCS, len(ec2.describe_vpcs()["Vpcs"]), "VPCs")]
    if environment.parameters["Network"] == "nat":
        used.append((ADDRESSES, len(ec2.describe_addresses()["Addresses"]), "Elastic IP addresses"))
    quotas = make("service-quotas")
    for (service, code), count, kind in used:
        most = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
        if count >= most:
            yield f"{count} of {most:.0f} {kind} are in use in {environment.region}: delete one, or raise quota {code}"
