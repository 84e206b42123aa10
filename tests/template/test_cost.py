"""The cost sheet says what the template, the measured durations and the prices come to now."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.local_stack import templates
from tools.quality import monthly_cost
from tools.quality.prices import PRICES, price
from tools.virtualenvs import ROOT


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(monthly_cost.MEASURED.read_text())
    return found


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize(
    ("goal", "watched", "batch"), [(monthly_cost.GOAL, False, 2), (monthly_cost.WATCHED_GOAL, True, 4)]
)
def test_a_small_mean_batch_meets_the_goals(
    measured: dict[str, Any], architecture: str, goal: float, watched: bool, batch: int
) -> None:
    assert monthly_cost.smallest_batch(measured, architecture, goal, watched=watched) <= batch
    lines = monthly_cost.per_million(measured, monthly_cost.memory(), architecture, monthly_cost.LARGEST_BATCH)
    assert monthly_cost.total(lines, watched=watched) <= goal


def test_a_goal_that_no_batch_keeps_to_is_refused(measured: dict[str, Any]) -> None:
    slow = measured | {"log_bytes": 10_000}
    with pytest.raises(ValueError, match="largest batches"):
        monthly_cost.smallest_batch(slow, "x86_64", monthly_cost.WATCHED_GOAL, watched=True)


def test_requests_alone_exceed_the_goal_of_a_watched_task_one_at_a_time(measured: dict[str, Any]) -> None:
    """Decision 141 rests on it: no saving of time, memory or logs would reach the goal."""
    alone = monthly_cost.requests_alone(measured, "x86_64", 1, watched=True)
    lines = monthly_cost.per_million(measured, monthly_cost.memory(), "x86_64", 1)
    assert monthly_cost.WATCHED_GOAL < alone < monthly_cost.total(lines, watched=True)
    assert monthly_cost.requests_alone(measured, "x86_64", 10, watched=True) < monthly_cost.WATCHED_GOAL


def test_the_largest_batch_is_that_of_the_template() -> None:
    mapping = templates.read(ROOT / "template.yaml")["Resources"]["WorkerMapping"]["Properties"]
    assert mapping["BatchSize"] == monthly_cost.LARGEST_BATCH


def test_tasks_submitted_together_share_the_request_and_the_sends(measured: dict[str, Any]) -> None:
    def dollars(together: int) -> dict[str, float]:
        lines = monthly_cost.per_million(measured, monthly_cost.memory(), "x86_64", 10, together)
        return {line.title: line.dollars for line in lines}

    one, ten = dollars(1), dollars(10)
    assert ten["HTTP API"] == pytest.approx(one["HTTP API"] / 10)
    assert one["task queue"] - ten["task queue"] == pytest.approx(0.9 * 0.40)
    assert one["worker"] == ten["worker"]


def test_each_frame_is_paid_for(measured: dict[str, Any]) -> None:
    memory = dict.fromkeys(("ApiFunction", "WorkerFunction", "PushFunction"), 512)
    one, three = (
        sum(line.dollars for line in monthly_cost.per_million({**measured, "frames": frames}, memory, "arm64", 10))
        for frames in (1, 3)
    )
    assert three - one == pytest.approx(2.0)


def test_memory_and_batches_are_paid_for(measured: dict[str, Any]) -> None:
    def total(megabytes: int, batch: int) -> float:
        memory = dict.fromkeys(("ApiFunction", "WorkerFunction", "PushFunction"), megabytes)
        return monthly_cost.unwatched(monthly_cost.per_million(measured, memory, "x86_64", batch))

    assert total(2048, 1) > total(1024, 1) > total(1024, 10)


def dollars_idle(profile: str) -> dict[str, float]:
    return {line.title: line.dollars for line in monthly_cost.idle(profile)}


def test_the_small_profile_keeps_to_its_goal_and_the_default_too() -> None:
    assert sum(dollars_idle("small").values()) <= 22.0
    assert sum(dollars_idle("default").values()) <= 130.0


def test_small_pays_for_no_way_out() -> None:
    small = dollars_idle("small")
    assert small["way out"] == small["endpoints"] == 0
    assert dollars_idle("default")["way out"] > 30


def alarm_address(profile: str) -> str:
    return next(line.how for line in monthly_cost.idle(profile) if line.title == "alarms and dashboard")


def test_an_alarm_is_paid_for_by_the_metrics_it_reads() -> None:
    full, lean = (alarm_address(profile) for profile in ("default", "small"))
    assert full.startswith("39 metrics watched, 2 composite, 1 dashboard")
    assert lean.startswith("13 metrics watched, 1 composite, 0 dashboard")


def test_every_price_names_its_source_and_its_date() -> None:
    for name, one in PRICES.items():
        assert len(one.source) > 20, name
        assert one.as_of[:2] == "20", name


def test_a_parameter_s_price_includes_everything_that_it_adds() -> None:
    two, one = (
        {line.title: line.dollars for line in monthly_cost.idle_of({"DatabaseMultiAz": value})}
        for value in ("true", "false")
    )
    assert {title for title in two if two[title] > one[title]} == {"Postgres", "endpoints"}
    firewall = {line.title: line.dollars for line in monthly_cost.idle_of({"WebAclArn": "arn"})}
    assert firewall["secrets"] == one["secrets"], "the pages have the secret of CloudFront already"


def test_the_nested_stack_that_stays_is_billed_on() -> None:
    default = dollars_idle("default")
    assert monthly_cost.left_behind() == default["Postgres"] + default["way out"] + default["endpoints"] > 100


def test_busy_containers_read_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    with_price = monthly_cost.month("small", 1e6, watched=False)
    monkeypatch.setattr(monthly_cost, "price", lambda name: 0.0 if name == "secret read" else price(name))
    assert 0.2 < with_price - monthly_cost.month("small", 1e6, watched=False) < 1.0


def test_two_zones_cost_two_instances() -> None:
    assert dollars_idle("prod")["Postgres"] == pytest.approx(2 * dollars_idle("default")["Postgres"])
