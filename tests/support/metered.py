"""A service that notes its calls, and kills some of its callers."""

from __future__ import annotations

import random
import threading
import time

from orchestrator.model.fault_injection import ProcessKilled


class Service:
    """Record the moments of the calls and the most at once; `kills` is the share of callers that die."""

    def __init__(self) -> None:
        self.kills = 0.0
        self.calls: list[float] = []
        self.most = 0
        self._now = 0
        self._turn = threading.Lock()
        self._random = random.Random(7)

    def call(self) -> int:
        """Return the number of the call. Raise ProcessKilled before or after it."""
        with self._turn:
            before, after = (self._random.random() < self.kills for _ in range(2))
        if before:
            raise ProcessKilled
        with self._turn:
            self.calls.append(time.time())
            self._now += 1
            self.most = max(self.most, self._now)
        threading.Event().wait(0.02)  # the work of the service
        with self._turn:
            self._now -= 1
        if after:
            raise ProcessKilled
        return len(self.calls)

    def most_within(self, seconds: float) -> int:
        """Return the most calls in any period of so many seconds."""
        moments = sorted(self.calls)
        return max(sum(1 for other in moments if moment <= other < moment + seconds) for moment in moments)


SERVICE = Service()
