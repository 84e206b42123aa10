"""Runs random schedules; a seed is a set of histories."""

from __future__ import annotations

import logging

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.processes import prepare
from tests.simulation.schedules import Schedule

#: Steps of one schedule at most.
STEPS = 20


def run_schedules(url: str, number: int, schedules: int) -> None:
    """Schedules of seed `number` on an empty database; raises with the shortest one found that ends badly."""
    prepare(url)
    Schedule.url = url
    chosen = settings(
        max_examples=schedules,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    logging.disable(logging.CRITICAL)
    try:
        run_state_machine_as_test(seed(number)(Schedule), settings=chosen)
    finally:
        logging.disable(logging.NOTSET)
