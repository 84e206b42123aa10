"""The flag values of a task's first attempt, which every later attempt sees too."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from orchestrator.engine.execution.worker import Worker
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt


def pin_flags(worker: Worker, claimed: Sequence[Attempt]) -> dict[UUID, dict[str, bool]]:
    """Store and return the flag values of those attempts that are their task's first and whose agent reads flags."""
    values: dict[UUID, dict[str, bool]] = {}
    fresh = []
    for attempt in claimed:
        names, opt_in = _flag_names(worker, attempt)
        if (names or opt_in) and attempt.flags is None:
            owner = attempt.owner_id
            values[attempt.id] = dict(worker.flags.values(names, owner)) | {
                name: worker.flags.enabled(name, owner, default=False) for name in opt_in
            }
            fresh.append((attempt, values[attempt.id]))
    if fresh:
        worker.db.run(attempts.pin_flags, fresh)
    return values


def _flag_names(worker: Worker, attempt: Attempt) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the flags that the type's agent reads: those on by default and those off by default."""
    try:
        agent = worker.agents.get(attempt.type)
    except LookupError:
        return (), ()
    return agent.flags, agent.opt_in
