"""The cost sheet says what the template, the measured durations and the prices come to now."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.quality import cost


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cost.MEASURED.read_text())
    return found


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_a_busy_system_keeps_to_the_goal(measured: dict[str, Any], architecture: str) -> None:
    memory = {"ApiFunction": 1024, "WorkerFunction": 1024, "PushFunction": 512}
    assert cost.unwatched(cost.per_million(measured, memory, architecture, batch=10)) <= cost.GOAL


def test_memory_and_batches_are_paid_for(measured: dict[str, Any]) -> None:
    def total(megabytes: int, batch: int) -> float:
        memory = dict.fromkeys(("ApiFunction", "WorkerFunction", "PushFunction"), megabytes)
        return cost.unwatched(cost.per_million(measured, memory, "x86_64", batch))

    assert total(2048, 1) > total(1024, 1) > total(1024, 10)
