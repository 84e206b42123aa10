"""The cost sheet says what the template, the measured durations and the prices come to now."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.quality import monthly_cost
from tools.quality.prices import PRICES


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(monthly_cost.MEASURED.read_text())
    return found


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_a_busy_system_keeps_to_the_goal(measured: dict[str, Any], architecture: str) -> None:
    memory = {"ApiFunction": 1024, "WorkerFunction": 1024, "PushFunction": 512}
    assert (
        monthly_cost.unwatched(monthly_cost.per_million(measured, memory, architecture, batch=10)) <= monthly_cost.GOAL
    )


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_a_watched_busy_system_keeps_to_the_goal(measured: dict[str, Any], architecture: str) -> None:
    memory = {"ApiFunction": 1024, "WorkerFunction": 1024, "PushFunction": 512}
    lines = monthly_cost.per_million(measured, memory, architecture, batch=10)
    assert sum(line.dollars for line in lines) <= monthly_cost.WATCHED_GOAL


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
    assert full.startswith("36 metrics watched, 2 composite, 1 dashboard")
    assert lean.startswith("11 metrics watched, 1 composite, 0 dashboard")


def test_every_price_names_its_source_and_its_date() -> None:
    for name, one in PRICES.items():
        assert len(one.source) > 20, name
        assert one.as_of[:2] == "20", name


def test_two_zones_cost_two_instances() -> None:
    assert dollars_idle("prod")["Postgres"] == pytest.approx(2 * dollars_idle("default")["Postgres"])
