"""An alarm names a symptom, watches a metric that exists, and names a runbook that does."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest

from orchestrator.observability import metrics
from tools.local_stack import templates
from tools.virtualenvs import ROOT

OWN = {*get_args(metrics.Count), *get_args(metrics.Duration), *get_args(metrics.Gauge)}


def of_type(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for template in templates.family(ROOT / "template.yaml").values():
        found |= {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}
    return found


@pytest.mark.parametrize("name", [*of_type("AWS::CloudWatch::Alarm"), *of_type("AWS::CloudWatch::CompositeAlarm")])
def test_its_runbook_is_there(name: str) -> None:
    alarm = (of_type("AWS::CloudWatch::Alarm") | of_type("AWS::CloudWatch::CompositeAlarm"))[name]
    named = re.search(r"\$\{Runbooks\}/([A-Za-z-]+\.md)$", alarm["AlarmDescription"]["Fn::Sub"])
    assert named is not None
    assert (ROOT / "docs/runbooks" / named.group(1)).is_file()
    assert f"`{name}`" in (ROOT / "docs/runbooks/README.md").read_text()


def own_metrics_watched() -> set[str]:
    return {
        part.get("MetricName")
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for part in (alarm, *(one.get("MetricStat", {}).get("Metric", {}) for one in alarm.get("Metrics", [])))
        if part.get("Namespace") in ({"Ref": "Stack"}, {"Ref": "AWS::StackName"})
    }


def test_our_own_metrics_exist_under_these_names() -> None:
    assert own_metrics_watched()
    assert own_metrics_watched() <= OWN
    assert {name for name in OWN if f"`{name}`" not in (ROOT / "docs/reference/metrics.md").read_text()} == set()


def test_a_silence_is_judged_on_purpose() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    unsaid = [name for name, alarm in alarms.items() if "TreatMissingData" not in alarm and name != "StorageAlarm"]
    assert unsaid == []
    assert alarms["SweeperAlarm"]["TreatMissingData"] == "breaching"


def called_by(rule: object) -> list[str]:
    return re.findall(r'ALARM\("\$\{(\w+)\}"\)', json.dumps(rule).replace("\\", ""))


def test_every_alarm_reaches_people_once_and_by_one_of_two() -> None:
    """FlagsAlarm rings for AppConfig alone."""
    composites = of_type("AWS::CloudWatch::CompositeAlarm")
    condition, urgent, _ = composites["SomebodyMustLook"]["AlarmRule"]["Fn::If"]
    assert condition == "WatchesAll"
    both = [*called_by(urgent), *called_by(composites["SomethingToMend"]["AlarmRule"])]
    assert sorted([*both, "FlagsAlarm"]) == sorted(of_type("AWS::CloudWatch::Alarm"))
    assert [name for name, alarm in of_type("AWS::CloudWatch::Alarm").items() if alarm.get("AlarmActions")] == []


def test_watched_leanly_every_alarm_that_is_left_reaches_people_by_one() -> None:
    left = {
        name
        for template in templates.family(ROOT / "template.yaml").values()
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::CloudWatch::Alarm" and one.get("Condition") not in ("WatchesAll", "WatchesDatabase")
    }
    lean = of_type("AWS::CloudWatch::CompositeAlarm")["SomebodyMustLook"]["AlarmRule"]["Fn::If"][2]
    assert sorted(called_by(lean)) == sorted(left)


def test_alarms_that_users_notice_silence_the_rest() -> None:
    alarms = of_type("AWS::CloudWatch::CompositeAlarm")
    assert alarms["SomethingToMend"]["ActionsSuppressor"] == {"Fn::GetAtt": ["SomebodyMustLook", "Arn"]}
    assert all(alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in alarms.values())


def test_the_dashboard_is_a_document_and_shows_every_alarm_and_metric() -> None:
    body, more = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    alarms = more["OfDatabase"]["Fn::If"][1]["Fn::Sub"]
    text = body.replace("${OfDatabase}", alarms)
    widgets = json.loads(re.sub(r"\$\{[^}]*\}", "x", text))["widgets"]
    assert all(1 <= widget["width"] <= 24 for widget in widgets)
    shown = set(re.findall(r"(?:\$\{|:)(\w+Alarm)", text))
    assert shown == set(of_type("AWS::CloudWatch::Alarm")) - {"FlagsAlarm"}
    assert {name for name in own_metrics_watched() if f'"{name}"' not in text} == set()
