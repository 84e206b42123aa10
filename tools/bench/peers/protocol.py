"""The shared parts of the drivers: the arguments, the quantiles of latencies, and the line that each driver answers.

A driver is `python -m tools.bench.peers.with_NAME MODE COUNT ADDRESS`. It runs in the peers' own environment, so it
imports nothing of the engine. Modes: setup, preload, drain, submit, latency.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import NoReturn

#: Submits under way at once.
IN_FLIGHT = 10
#: Tasks of one call when a backlog is made.
BULK = 500
#: Seconds between two latency tasks, and between two checks whether one is finished.
PAUSE, POLL_EVERY = 0.01, 0.001


@dataclass(frozen=True)
class Order:
    mode: str
    count: int
    address: str


def read_order() -> Order:
    return Order(sys.argv[1], int(sys.argv[2]), sys.argv[3])


def latencies(seconds: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile, ms."""
    ordered = sorted(seconds)
    return {"p50": ordered[len(ordered) // 2] * 1000, "p95": ordered[int(len(ordered) * 0.95)] * 1000}


def answer(**values: float) -> NoReturn:
    """Print the result and leave at once: closing pools and threads is not measured."""
    print("RESULT " + json.dumps(values), flush=True)
    os._exit(0)
