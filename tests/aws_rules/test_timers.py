"""Calls that timers make, and the price of each."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import Any

import pytest

from orchestrator.aws import feature_flags, secrets
from orchestrator.aws.feature_flags import Flags, FlagSource
from orchestrator.aws.secrets import Secrets
from orchestrator.observability import metrics
from tests.aws_rules.conftest import Resource
from tools.quality import monthly_cost
from tools.quality.prices import price
from tools.virtualenvs import ROOT

MONTH = 730 * 3600.0
#: Dollars a month that one container's timer may come to.
MOST = 1.0


class AppConfig:
    """Sends the document with a session's first answer and after a change, and count its messages."""

    def __init__(self) -> None:
        self.sent = 0
        self.reads = 0
        self.number = 0
        self.current: set[str] = set()
        self.last: dict[str, float] = {}

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        assert service == "appconfigdata"
        self.number += 1
        token = f"token{self.number}"
        if operation == "start_configuration_session":
            assert 15 <= parameters["RequiredMinimumPollIntervalInSeconds"] <= 86400
            return {"InitialConfigurationToken": token}
        self.reads += 1
        given = parameters["ConfigurationToken"]
        fresh = given not in self.current
        self.sent += fresh
        self.current = {token}
        content = json.dumps({"flag": {"default": True}}).encode() if fresh else b""
        return {"Configuration": BytesIO(content), "NextPollConfigurationToken": token}


def test_a_container_s_flags_cost_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://aws.amazon.com/systems-manager/pricing/: $0.0008 a configuration received, $0.0000002 a request."""
    service, now = AppConfig(), 0.0
    monkeypatch.setattr(feature_flags, "call", service.call)
    flags = Flags(FlagSource("a", "e", "p"), lambda: now)
    day = 24 * 3600
    while now < day:  # the container of a busy worker asks at every chance
        assert flags.enabled("flag")
        now += feature_flags.MAX_AGE
    assert service.reads == day / feature_flags.MAX_AGE
    assert service.sent == 1
    month = MONTH / day
    assert month * (service.sent * price("appconfig document") + service.reads * price("appconfig poll")) < MOST


def test_a_busy_container_s_secret_costs_less_than_a_dollar(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://aws.amazon.com/secrets-manager/pricing/: $0.05 for 10,000 requests."""
    reads, now = 0, 0.0

    def call(service: str, operation: str, **_: Any) -> dict[str, Any]:
        nonlocal reads
        assert (service, operation) == ("secretsmanager", "get_secret_value")
        reads += 1
        return {"SecretString": "{}"}

    monkeypatch.setattr(secrets, "call", call)
    known = Secrets(lambda: now)
    day = 24 * 3600
    while now < day:  # a request every second
        known.get_json("arn")
        now += 1.0
    assert reads == day / monthly_cost.SECRET_SECONDS
    assert reads * MONTH / day * price("secret read") < MOST


def test_an_operators_page_costs_little() -> None:
    """https://aws.amazon.com/api-gateway/pricing/ and https://aws.amazon.com/sqs/pricing/."""
    pace = re.search(r"export const PACE = ([\d_]+);", (ROOT / "web/operators/polling.js").read_text())
    assert pace is not None
    assert int(pace.group(1)) == monthly_cost.PAGE_SECONDS * 1000
    assert monthly_cost.operators_month() < 2.0


def test_the_sweeper_costs_less_than_a_dollar() -> None:
    """https://aws.amazon.com/lambda/pricing/ and https://aws.amazon.com/cloudwatch/pricing/."""
    lines = {line.title: line.dollars for line in monthly_cost.idle("default")}
    assert lines["sweeper"] + lines["flags"] < MOST
    assert lines["queues"] < MOST


def test_no_event_makes_no_metric(capsys: pytest.CaptureFixture[str]) -> None:
    """https://aws.amazon.com/cloudwatch/pricing/: a custom metric is billed for each hour in which it has a value."""
    metrics.forget()
    metrics.count("WakeUpsRepaired", by=0)
    metrics.flush()
    assert capsys.readouterr().out == ""


def test_a_lean_watch_keeps_no_metrics_by_type(capsys: pytest.CaptureFixture[str]) -> None:
    """https://aws.amazon.com/cloudwatch/pricing/: each set of dimensions is a metric of its own."""
    metrics.forget()
    metrics.keep_types(False)
    try:
        metrics.count("Completed", "echo")
        metrics.flush()
    finally:
        metrics.keep_types(True)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["Completed"] == [1.0]
    assert "type" not in json.loads(line)


def test_a_sweep_that_fails_is_not_tried_again_by_lambda(functions: dict[str, Resource]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html: it invokes asynchronously.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html: Lambda itself tries twice more.
    """
    sweeper = functions["SweeperFunction"]
    assert sweeper["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    assert sweeper["Events"]["EveryMinute"]["Properties"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
