"""A task's row, and what its owner may read of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from orchestrator.model.states import Status

#: JSON as psycopg and json give it.
Json = Any


#: What an owner reads of a failure that is ours: its cause is for operators.
FAULT_OF_OURS = "This could not be completed because of a fault on our side. We have kept it and can try again."


#: States in which the owner sees the last attempt's error: a retry is pending, or there is none.
SHOW_ERROR = frozenset({Status.PENDING, Status.FAILED, Status.DEAD_LETTER})


def public_error(error: Json) -> str | None:
    """The words of a stored error that its owner may read."""
    if error is None:
        return None
    return str(error["message"]) if error.get("kind") == "refused" else FAULT_OF_OURS


def iso(moment: datetime | None) -> str | None:
    """UTC with milliseconds and a Z, as browsers write it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A row of agent_tasks as its readers need it."""

    id: UUID
    owner_id: str
    type: str
    status: Status
    payload: Json
    payload_version: int
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

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        known = {name: row[name] for name in TASK_FIELDS}
        return cls(**{**known, "status": Status(row["status"])})

    @property
    def trace_id(self) -> str | None:
        return self.traceparent.split("-")[1] if self.traceparent else None

    def public(self) -> dict[str, Json]:
        """The task as its owner reads it over HTTP."""
        return {
            "id": str(self.id),
            "type": self.type,
            "status": self.status.value,
            "result": self.result,
            "error": public_error(self.error) if self.status in SHOW_ERROR else None,
            "attempts": self.attempts,
            "maxAttempts": self.max_attempts,
            "nextRunAt": iso(self.due_at) if self.status is Status.PENDING else None,
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.updated_at),
            "progress": self.progress,
            "seq": self.seq,
            "traceId": self.trace_id,
        }

    def receipt(self) -> dict[str, Json]:
        """The answer to a submit."""
        return {
            "id": str(self.id),
            "status": self.status.value,
            "attempts": self.attempts,
            "maxAttempts": self.max_attempts,
            "traceId": self.trace_id,
        }


TASK_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Task))
