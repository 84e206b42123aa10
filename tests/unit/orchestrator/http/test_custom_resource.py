"""A deploy hears how its migration went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from orchestrator.entrypoints.custom_resource import is_custom_resource, respond
from tests.support.cloudformation import Bucket, bucket


@pytest.fixture
def cloudformation() -> Iterator[Bucket]:
    with bucket() as made:
        yield made


def test_a_migration_that_went_well_lets_the_deploy_go_on(cloudformation: Bucket) -> None:
    asked: list[Mapping[str, Any]] = []
    respond(cloudformation.event("Update"), asked.append)
    assert asked[0]["phase"] == "pre"
    assert (cloudformation.answers[0]["Status"], cloudformation.answers[0]["PhysicalResourceId"]) == (
        "SUCCESS",
        "MigrateBefore",
    )


def test_one_that_failed_stops_it_with_the_reason(cloudformation: Bucket) -> None:
    def fails(_: Mapping[str, Any]) -> None:
        raise ValueError("column exists")

    respond(cloudformation.event("Create"), fails)
    assert (cloudformation.answers[0]["Status"], cloudformation.answers[0]["Reason"]) == (
        "FAILED",
        "ValueError: column exists",
    )


def test_a_stack_that_goes_migrates_nothing(cloudformation: Bucket) -> None:
    respond(cloudformation.event("Delete"), lambda _: pytest.fail("migrated"))
    assert cloudformation.answers[0]["Status"] == "SUCCESS"


def test_a_call_by_hand_is_none() -> None:
    assert not is_custom_resource({"phase": "pre"})
