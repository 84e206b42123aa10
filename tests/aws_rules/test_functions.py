"""States, quotas and regions of Lambda."""

from __future__ import annotations

import importlib
import json
import logging
import re
from typing import Any

import pytest
from cryptography import x509

from orchestrator.entrypoints.lambda_handler import KEEP_ACTIVE
from orchestrator.observability import logs
from orchestrator.store.connection import CERTIFICATES
from tests.aws_rules.conftest import Resource
from tests.support.gateway import LambdaContext
from tests.template.test_permissions import roles
from tools.aws_deploy.preflight import SPARE
from tools.quality import template_values
from tools.virtualenvs import ROOT

#: Days after which a function in a VPC that nobody invokes may become inactive, and its next invocation fails.
IDLE_DAYS = 14
#: Concurrent executions of a new account.
NEW_ACCOUNT = 10
#: Targets of one EventBridge rule.
MOST_TARGETS = 5


def test_every_function_in_the_vpc_is_invoked_at_least_every_two_weeks(
    family: dict[str, dict[str, Any]], functions: dict[str, Resource], resources: dict[str, Resource]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html.

    "If a function has been inactive … the invocation fails and Lambda sets the function to pending."
    """
    given = resources["KeepActive"]["Properties"]["Parameters"]
    poked = set()
    for rule in family["infrastructure/keep_active.yaml"]["Resources"].values():
        if rule["Type"] == "AWS::Events::Rule":
            number, unit = rule["Properties"]["ScheduleExpression"].removeprefix("rate(").removesuffix(")").split()
            assert unit == "days"
            assert int(number) < IDLE_DAYS
            assert len(rule["Properties"]["Targets"]) <= MOST_TARGETS
            for target in rule["Properties"]["Targets"]:
                assert json.loads(target["Input"]) == {KEEP_ACTIVE: True}
                poked.add(json.dumps(given[target["Arn"]["Ref"]]).split('"')[3].split(".")[0])
    scheduled = {name for name, one in functions.items() if "Events" in one}
    outside = {name for name in functions if "VpcConfig" in resources[name].get("IgnoreGlobals", [])}
    assert outside == {"RotateKeysFunction"}
    assert poked | scheduled | outside == set(functions)


@pytest.mark.parametrize("function", sorted(path.parent.name for path in ROOT.glob("functions/*/app.py")))
def test_the_weekly_event_does_nothing(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html: any invocation keeps it active.

    Without an environment anything but nothing would fail.
    """
    handler = importlib.import_module(f"functions.{function}.app").handler
    assert handler({KEEP_ACTIVE: True}, LambdaContext()) is None


def test_every_target_may_be_invoked(family: dict[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html."""
    resources = family["infrastructure/keep_active.yaml"]["Resources"]
    allowed = {
        (one["Properties"]["FunctionName"]["Ref"], one["Properties"]["SourceArn"]["Fn::GetAtt"][0])
        for one in resources.values()
        if one["Type"] == "AWS::Lambda::Permission"
    }
    targets = {
        (target["Arn"]["Ref"], name)
        for name, one in resources.items()
        if one["Type"] == "AWS::Events::Rule"
        for target in one["Properties"]["Targets"]
    }
    assert targets == allowed


def test_the_small_profile_fits_into_a_new_account() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: new accounts have reduced quotas."""
    given = template_values.overrides("small")
    pollers = ("WorkerConcurrency", "LongConcurrency", "PushConcurrency")
    assert sum(int(given[name]) for name in pollers) + SPARE <= NEW_ACCOUNT
    assert "ApiConcurrency" not in given, "ten executions leave none to reserve"


def test_a_region_that_is_not_known_is_refused_at_once(template: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html: a root for each region.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html.
    """
    (assertion,) = template["Rules"]["RegionIsKnown"]["Assertions"]
    regions, asked = assertion["Assert"]["Fn::Contains"]
    assert asked == {"Ref": "AWS::Region"}
    names = [root.subject.rfc4514_string() for root in x509.load_pem_x509_certificates(CERTIFICATES.read_bytes())]
    known = [found.group(1) for name in names if (found := re.search(r"RDS (\S+) Root CA RSA2048", name))]
    assert sorted(regions) == sorted(known)


def test_no_zone_is_forced_on_an_account(family: dict[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html: names differ by account.

    Some zones know neither Lambda nor every endpoint service, as use1-az3.
    """
    resources = family["infrastructure/database.yaml"]["Resources"]
    for name in ("PrivateSubnetA", "PrivateSubnetB", "PublicSubnet"):
        assert resources[name]["Properties"]["AvailabilityZone"]["Fn::If"][0] == "HasZones"


def test_the_model_of_another_region_may_be_named(
    family: dict[str, dict[str, Any]], functions: dict[str, Resource]
) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html.

    An inference profile needs the permission on itself and on the models of its regions.
    """
    policies = json.dumps(roles(family)["WorkerFunction"]["Policies"])
    assert "inference-profile/${NarrativeModel}" in policies
    assert "bedrock:*::foundation-model/amazon.${Name}" in policies
    assert functions["WorkerFunction"]["Environment"]["Variables"]["NARRATIVE_MODEL"] == {"Ref": "NarrativeModel"}


def test_only_the_product_s_logger_is_below_warning() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html: the runtime sets the root logger's level.

    https://boto3.amazonaws.com/v1/documentation/api/latest/reference/core/boto3.html: the SDK then logs whole answers.
    """
    names = (None, *logs.SDK_LOGGERS)
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.DEBUG)
        logs.quiet_other_loggers()
        assert {logging.getLogger(name).level for name in names} == {logging.WARNING}
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def test_traces_and_metrics_reach_the_logs(template: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html.

    The runtime gives its level to the root logger; lines without a level, as those of metrics, count as INFO.
    """
    level = template["Globals"]["Function"]["LoggingConfig"]["ApplicationLogLevel"]
    assert set(level["Fn::If"][1:]) <= {"DEBUG", "INFO"}
