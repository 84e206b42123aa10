"""An alarm tells a symptom, watches a metric that exists, and names a runbook that does."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from local import templates
from local.environments import ROOT
from orchestrator.observe import metrics

OWN = {*get_args(metrics.Count), *get_args(metrics.Duration), *get_args(metrics.Gauge)}


def of_type(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for template in templates.family(ROOT / "template.yaml").values():
        found |= {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}
    return found


@pytest.mark.parametrize("name", [*of_type("AWS::CloudWatch::Alarm"), *of_type("AWS::CloudWatch::CompositeAlarm")])
def test_its_runbook_is_there(name: str) -> None:
    alarm = (of_type("AWS::CloudWatch::Alarm") | of_type("AWS::CloudWatch::CompositeAlarm"))[name]
    named = re.search(r"docs/runbooks/[a-z-]+\.md|docs/runbooks/README\.md", alarm["AlarmDescription"])
    assert named is not None
    assert (ROOT / named.group()).is_file()
    assert f"`{name}`" in (ROOT / "docs/runbooks/README.md").read_text() or name == "SomebodyMustLook"


def test_our_own_metrics_exist_under_these_names() -> None:
    watched = {
        part.get("MetricName")
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for part in (alarm, *(one.get("MetricStat", {}).get("Metric", {}) for one in alarm.get("Metrics", [])))
        if part.get("Namespace") in ({"Ref": "Stack"}, {"Ref": "AWS::StackName"})
    }
    assert watched
    assert watched <= OWN
    assert {name for name in OWN if f"`{name}`" not in (ROOT / "docs/operations.md").read_text()} == set()


def test_a_silence_is_judged_on_purpose() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    unsaid = [name for name, alarm in alarms.items() if "TreatMissingData" not in alarm and name != "StorageAlarm"]
    assert unsaid == []
    assert alarms["SweeperAlarm"]["TreatMissingData"] == "breaching"


def test_what_only_tells_people_reaches_them_once() -> None:
    (rule,) = [one["AlarmRule"]["Fn::Sub"] for one in of_type("AWS::CloudWatch::CompositeAlarm").values()]
    together = set(re.findall(r"\$\{(\w+)\}", rule))
    by_itself = {name for name, alarm in of_type("AWS::CloudWatch::Alarm").items() if alarm.get("AlarmActions")}
    assert together | by_itself == set(of_type("AWS::CloudWatch::Alarm"))
    assert together & by_itself == set()
