"""A few hundred random schedules, the same ones every time. `make soak` runs others for `MINUTES`."""

from __future__ import annotations

import pytest

from tests.simulation.run import run_schedules

#: A set's own test, so that sets run side by side.
SETS, SCHEDULES = 10, 20


@pytest.mark.parametrize("number", range(SETS))
def test_every_history_ends_well(database_url: str, number: int) -> None:
    run_schedules(database_url, number, SCHEDULES)
