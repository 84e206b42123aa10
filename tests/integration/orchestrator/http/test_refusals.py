"""A refusal is the caller's mistake and no failure in any figure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.orchestrator.http.test_statistics import stats
from tests.support.engine import Engine
from tests.support.gateway import Caller


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


def test_refusals_are_not_failures(engine: Engine, operator: Caller) -> None:
    for _ in range(3):
        engine.run(engine.submit(payload={"do": "refuse"}).id)
    now = stats(operator)
    window = now["window"]
    assert (window["ended"]["failed"], window["failureRate"], window["refusalRate"]) == (3, 0.0, 1.0)
    assert [(point["bad"], point["refused"]) for point in now["series"]["points"]] == [(0, 3)]
