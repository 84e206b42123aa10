"""The page about scale follows from the measurements, the template's parameters and the quotas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.quality.growth import scale
from tools.quality.growth.limits import limits
from tools.quality.monthly_cost import MEASURED


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MEASURED.read_text())
    return found


def test_ten_tasks_a_second_fit_into_the_defaults(measured: dict[str, Any]) -> None:
    assert scale.exhausted(10, measured, raised=False) == []


def test_a_thousand_need_parameters_and_no_second_database(measured: dict[str, Any]) -> None:
    assert "workers" in scale.exhausted(1_000, measured, raised=False)
    assert scale.exhausted(1_000, measured, raised=True) == []


def test_ten_thousand_need_more_than_one_stack(measured: dict[str, Any]) -> None:
    assert scale.exhausted(10_000, measured, raised=True) != []


def test_the_scarcest_comes_first_and_more_tasks_need_more(measured: dict[str, Any]) -> None:
    known = limits()
    for rate in scale.RATES:
        needed = scale.needs(rate, measured)
        order = [needed[name] / known[name].usual for name in scale.exhausted(rate, measured, raised=False)]
        assert order == sorted(order, reverse=True)
    few, many = (scale.needs(rate, measured) for rate in (10, 1_000))
    assert few.keys() == known.keys()
    assert all(many[name] == pytest.approx(100 * few[name]) for name in known)


DEARER = [("submit_us", "cpu"), ("wal_bytes", "wal"), ("stored_bytes", "storage")]


@pytest.mark.parametrize(("input_name", "resource"), DEARER)
def test_a_dearer_task_needs_more(measured: dict[str, Any], input_name: str, resource: str) -> None:
    database = measured["database"]
    dearer = {**measured, "database": {**database, input_name: 2 * database[input_name]}}
    assert scale.needs(10, dearer)[resource] > scale.needs(10, measured)[resource]


def test_each_limit_names_its_source() -> None:
    for one in limits().values():
        assert one.source.startswith(("docs.aws.amazon.com/", "aws.amazon.com/", "`tools/bench/"))
        assert one.usual <= one.raised
