"""CloudWatch's alarms and RDS's storage as they behave on AWS; the emulator has neither."""

from __future__ import annotations

from typing import Any

import pytest

from tools.quality import template_values
from tools.virtualenvs import ROOT

#: RDS adds storage when this share of it or less is free.
GROWS_AT = 0.1
GIB = 2**30


def test_the_sweeper_s_alarm_waits_for_a_first_deploy(family: dict[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html.

    Missing data are breaching here, and there are none before the first sweep: one period would ring at each first
    deploy.
    """
    alarm = family["infrastructure/observability.yaml"]["Resources"]["SweeperAlarm"]["Properties"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["EvaluationPeriods"] >= 2


def test_the_storage_alarm_rings_only_where_storage_did_not_grow(family: dict[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html: at 10 % and less.

    With the smallest instance that the template allows, too.
    """
    smallest = family["template.yaml"]["Parameters"]["DatabaseStorage"]["MinValue"] * GIB
    alarm = family["infrastructure/observability.yaml"]["Resources"]["StorageAlarm"]["Properties"]
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["Threshold"] < smallest * GROWS_AT
    instance = family["infrastructure/database.yaml"]["Resources"]["Postgres"]["Properties"]
    assert instance["MaxAllocatedStorage"] > family["template.yaml"]["Parameters"]["DatabaseStorage"]["Default"]


def test_processor_time_beyond_the_class_rings_while_it_is_billed(family: dict[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html: T4g is always in unlimited mode.

    CPUSurplusCreditsCharged counts credits that are billed; CPUUtilization says nothing about them.
    """
    alarm = family["infrastructure/observability.yaml"]["Resources"]["CreditsAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("CPUSurplusCreditsCharged", 0)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


@pytest.mark.parametrize(("budget", "there"), [("0", False), ("35", True)])
def test_a_budget_is_made_only_with_an_amount(budget: str, there: bool) -> None:
    """https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create.html: the amount is positive."""
    deployed = template_values.deployed(
        ROOT / "template.yaml", {"MonthlyBudget": budget, "AlarmEmail": "alarms@company.test"}
    )
    kinds = [one["Type"] for each in deployed for _, one in each.resources()]
    assert ("AWS::Budgets::Budget" in kinds) is there
