"""A task's row, and the parts that its owner may read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args, overload
from uuid import UUID

from orchestrator.model.states import Status

#: JSON as psycopg and json give it.
Json = Any

#: Each lane is a queue with its own worker function. `quick`: handlers of a batch run one after another. `long`: they
#: run side by side, for up to 15 minutes.
Lane = Literal["quick", "long"]
LANES: tuple[Lane, ...] = get_args(Lane)

#: The message that an owner reads of an internal failure: its cause is for operators.
INTERNAL_ERROR = "This could not be completed because of a fault on our side. We have kept it and can try again."


#: States in which the owner sees the last attempt's error: a retry is pending, or there is none.
SHOW_ERROR = frozenset({Status.PENDING, Status.FAILED, Status.DEAD_LETTER})


def public_error(error: Json) -> str | None:
    """Return the message of a stored error that its owner may read."""
    if error is None:
        return None
    return str(error["message"]) if error.get("kind") == "refused" else INTERNAL_ERROR


@overload
def iso(moment: datetime) -> str: ...
@overload
def iso(moment: None) -> None: ...
@overload
def iso(moment: datetime | None) -> str | None: ...
def iso(moment: datetime | None) -> str | None:
    """UTC with milliseconds and a Z, as browsers write it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """A row of agent_tasks without its payload."""

    id: UUID
    owner_id: str
    type: str
    status: Status
    result: Json
    error: Json
    progress: Json
    flags: dict[str, bool] | None
    attempts: int
    max_attempts: int
    seq: int
    due_at: datetime | None  # None: only its children can wake it
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    parent_id: UUID | None
    traceparent: str | None
    #: The wait of a pending task: the name of a join with `waiting_for` children, or its kind and name.
    awaits: str | None = None
    waiting_for: int | None = None
    deadline_at: datetime | None = None

    @property
    def trace_id(self) -> str | None:
        return self.traceparent.split("-")[1] if self.traceparent else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(TaskSummary):
    """A row of agent_tasks as its readers need it."""

    payload: Json
    payload_version: int
    unique_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTask(TaskSummary):
    """A task in a list: without its payload, and without a result that is too large for a list."""

    result_truncated: bool
