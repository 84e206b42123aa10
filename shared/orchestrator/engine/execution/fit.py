"""Choose which attempts of a claimed batch this invocation starts; the others return to the queue before any begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from orchestrator.engine.execution.heartbeat import PATIENCE
from orchestrator.engine.execution.worker import Worker
from orchestrator.store.attempts import Attempt

#: Seconds of an invocation kept for committing and answering.
CLOSING_TIME = 2.0


@dataclass(frozen=True, slots=True)
class Fit:
    """The attempts to run, in the order of their expected time, and those that another invocation starts sooner."""

    run: list[Attempt]
    back: list[Attempt]


def time_needed(worker: Worker, task_type: str) -> float:
    """Return the seconds that must be left when a handler of this type starts; 0 for a type without an agent."""
    try:
        return worker.agents.get(task_type).timeout + CLOSING_TIME
    except LookupError:
        return 0.0


def fit(worker: Worker, claimed: Sequence[Attempt], remaining: float, quick: float) -> Fit:
    """Divide attempts by the known pace of their types.

    Those run that can start within `PATIENCE` seconds, and whose time limit ends within the invocation's `remaining`
    seconds. `quick`: the seconds below which a handler takes no time. A type without a known pace comes last, and is
    expected to be quick: the heartbeat returns the attempts that wait behind it when it is not.
    """
    if all(worker.is_quick(attempt.type, quick) for attempt in claimed):
        order = list(claimed)
    else:
        order = sorted(claimed, key=lambda attempt: worker.pace.get(attempt.type, inf))
    found, start = Fit([], []), 0.0
    for attempt in order:
        late = found.run and start > PATIENCE
        if late or remaining - start < time_needed(worker, attempt.type):
            found.back.append(attempt)
            continue
        found.run.append(attempt)
        pace = worker.pace.get(attempt.type, 0.0)
        start += pace if pace >= quick else 0.0
    return found
