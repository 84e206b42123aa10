"""The outcome of one attempt, ready to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from orchestrator.model.json_encoding import encode_bounded, encode_json
from orchestrator.model.sizes import LARGEST_RESULT
from orchestrator.model.states import Status
from orchestrator.model.task import Json

WaitKind = Literal["sleep", "signal", "approval", "budget"]


@dataclass(frozen=True, slots=True)
class Join:
    """A wait for `needed` finished children of the join `name`, or for `deadline` seconds (None: no limit)."""

    name: str
    needed: int
    deadline: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The wait for an answer as it is stored when it begins. `schema` and `shown` are JSON text.

    `asked` are the owners that may answer, `operators` says whether operators may. `model` names the class that checks
    the value. `expires`: whether the wait ends at a time of its own.
    """

    asked: tuple[str, ...]
    operators: bool
    expires: bool
    schema: str | None = None
    model: str | None = None
    shown: str | None = None
    digest: str | None = None
    version: str = ""
    token: str
    #: Whether an answer that is stored already does not count: it does not fit, or answers something else.
    discards_answer: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait of at most `seconds` that ends an attempt; `question` is None for a sleep, for a wait that goes on
    and for a budget.
    """

    kind: WaitKind
    name: str
    seconds: float
    question: Question | None = None

    @property
    def awaits(self) -> str:
        """Return the value of the column `awaits`."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of the finish statement. `result`, `error` and `event` are JSON text."""

    task_id: UUID
    token: int
    status: Status
    #: The kind of the event: completed, failed, retrying, released, parked, waiting or dead-letter.
    kind: str
    result: str | None = None
    error: str | None = None
    event: str | None = None
    #: Seconds until a pending task is due again; a waiting task has its join's deadline instead.
    delay: float = 0.0
    #: The attempt is not spent.
    refund: bool = False
    #: The database connection was lost while the handler ran.
    connection_lost: bool = False
    parked_by: str | None = None
    wait: Join | None = None
    #: The task sleeps, or waits for an answer.
    suspended: Wait | None = None


def completed(task_id: UUID, token: int, result: Json) -> Outcome:
    """Return the outcome of a handler's result. Raise ValueError when it is not JSON, or too large to be sent."""
    text = encode_bounded(result, LARGEST_RESULT, "the result")
    return Outcome(task_id=task_id, token=token, status=Status.COMPLETED, kind="completed", result=text)


def refused(task_id: UUID, token: int, error: Json) -> Outcome:
    """Return the outcome of a task that can never succeed. Raise ValueError when `error` is not JSON."""
    return _ended(task_id, token, Status.FAILED, "failed", error)


def dead(task_id: UUID, token: int, error: Json, *, connection_lost: bool = False) -> Outcome:
    """Return the outcome of the last failed attempt."""
    return _ended(task_id, token, Status.DEAD_LETTER, "dead-letter", error, connection_lost)


def _ended(task_id: UUID, token: int, status: Status, kind: str, error: Json, connection_lost: bool = False) -> Outcome:
    text = encode_json(error)
    return Outcome(
        task_id=task_id,
        token=token,
        status=status,
        kind=kind,
        error=text,
        event=f'{{"error":{text}}}',
        connection_lost=connection_lost,
    )


def retry(task_id: UUID, token: int, error: Json, delay: float, *, connection_lost: bool = False) -> Outcome:
    """Return the outcome of a transient failure with attempts left; `delay` is in seconds."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="retrying",
        delay=delay,
        error=encode_json(error),
        event=encode_json({"error": error, "retryInMs": round(delay * 1000)}),
        connection_lost=connection_lost,
    )


def later(task_id: UUID, token: int, reason: str, delay: float, *, connection_lost: bool = False) -> Outcome:
    """Return a release: the task is pending again in `delay` seconds, and no attempt is spent."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="released",
        delay=delay,
        refund=True,
        event=encode_json({"reason": reason, "retryInMs": round(delay * 1000)}),
        connection_lost=connection_lost,
    )


def continued(task_id: UUID, token: int, step: str) -> Outcome:
    """Return the outcome of an attempt that goes on in another invocation; it is not spent."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="continued",
        refund=True,
        event=encode_json({"before": step}),
    )


def parked(task_id: UUID, token: int, flag: str) -> Outcome:
    """Return the outcome of a task whose flag is off; no attempt is spent."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="parked",
        refund=True,
        parked_by=flag,
        event=encode_json({"flag": flag}),
    )


def waiting(task_id: UUID, token: int, join: Join) -> Outcome:
    """Return the outcome of a parent that waits for its children; no attempt is spent."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="waiting",
        refund=True,
        wait=join,
        event=encode_json({"for": join.name, "children": join.needed}),
    )


def suspended(task_id: UUID, token: int, wait: Wait) -> Outcome:
    """Return the outcome of a task that sleeps or waits for an answer; no attempt is spent."""
    return Outcome(
        task_id=task_id,
        token=token,
        status=Status.PENDING,
        kind="waiting",
        delay=wait.seconds,
        refund=True,
        suspended=wait,
        event=encode_json({"for": wait.name, "wait": wait.kind}),
    )
