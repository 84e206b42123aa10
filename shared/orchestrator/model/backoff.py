"""Full-jitter exponential backoff.

Source of the formula: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015:
sleep = random_between(0, min(cap, base * 2 ** attempt)).
"""

from __future__ import annotations

import random

#: Upper bound of the first retry's wait, in seconds.
BASE = 2.0
#: Upper bound of any retry's wait, in seconds.
CAP = 900.0


def full_jitter(attempt: int, rng: random.Random, *, base: float = BASE, cap: float = CAP) -> float:
    """Return seconds to wait after failed attempt number `attempt` (1, 2, …)."""
    ceiling = min(cap, base * 2.0 ** (min(attempt, 32) - 1))
    return rng.uniform(0.0, ceiling)
