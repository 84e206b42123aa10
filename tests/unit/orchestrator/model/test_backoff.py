"""Full jitter: anywhere between nothing and a ceiling that doubles up to a cap."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.backoff import BASE, CAP, full_jitter


@given(st.integers(1, 1000), st.integers())
def test_a_wait_stays_under_its_ceiling(attempt: int, seed: int) -> None:
    wait = full_jitter(attempt, random.Random(seed))
    assert 0 <= wait <= min(CAP, BASE * 2 ** min(attempt - 1, 40))


def test_waits_spread_over_the_whole_range() -> None:
    rng = random.Random(1)
    waits = [full_jitter(5, rng) for _ in range(2000)]
    ceiling = BASE * 16
    assert min(waits) < ceiling * 0.05
    assert max(waits) > ceiling * 0.95
    assert abs(sum(waits) / len(waits) - ceiling / 2) < ceiling * 0.05
