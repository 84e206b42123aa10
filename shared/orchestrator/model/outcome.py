"""What became of one attempt, ready to be written."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from orchestrator.model.json_encoding import encode_bounded, encode_json
from orchestrator.model.sizes import LARGEST_RESULT
from orchestrator.model.states import Status
from orchestrator.model.task import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of the finish statement. `result`, `error` and `event` are JSON text, `delay` is in seconds."""

    task_id: UUID
    token: int
    status: Status
    #: The event's name: completed, failed, retrying, released, parked, waiting, dead-letter.
    kind: str
    result: str | None = None
    error: str | None = None
    event: str | None = None
    #: Until it is due again; None with status pending: only its children wake it.
    delay: float | None = 0.0
    #: The attempt costs nothing.
    refund: bool = False
    parked_by: str | None = None
    waiting_for: int | None = None
    awaits: str | None = None


def completed(task_id: UUID, token: int, result: Json) -> Outcome:
    """Raises ValueError when the result is not JSON that Postgres takes, or too large to be sent."""
    text = encode_bounded(result, LARGEST_RESULT, "the result")
    return Outcome(task_id=task_id, token=token, status=Status.COMPLETED, kind="completed", result=text)


def refused(task_id: UUID, token: int, error: Json) -> Outcome:
    text = encode_json(error)
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.FAILED,
        kind="failed",
        error=text,
        event=f'{{"error":{text}}}',
    )


def dead(task_id: UUID, token: int, error: Json) -> Outcome:
    text = encode_json(error)
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.DEAD_LETTER,
        kind="dead-letter",
        error=text,
        event=f'{{"error":{text}}}',
    )


def retry(task_id: UUID, token: int, error: Json, delay: float) -> Outcome:
    """A transient failure with attempts left."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="retrying",
        delay=delay,
        error=encode_json(error),
        event=encode_json({"error": error, "retryInMs": round(delay * 1000)}),
    )


def later(task_id: UUID, token: int, reason: str, delay: float) -> Outcome:
    """Not now: back to pending, costing no attempt."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="released",
        delay=delay,
        refund=True,
        event=encode_json({"reason": reason, "retryInMs": round(delay * 1000)}),
    )


def parked(task_id: UUID, token: int, flag: str) -> Outcome:
    """Held by a flag, costing no attempt."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="parked",
        refund=True,
        parked_by=flag,
        event=encode_json({"flag": flag}),
    )


def waiting(task_id: UUID, token: int, join: str, needed: int, deadline: float | None) -> Outcome:
    """Gives the worker back until `needed` children of `join` are done, or `deadline` seconds have passed."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="waiting",
        delay=deadline,
        refund=True,
        waiting_for=needed,
        awaits=join,
        event=encode_json({"for": join, "children": needed}),
    )
