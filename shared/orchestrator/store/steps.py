"""Steps, progress and waits that a running attempt records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from orchestrator.model.json_encoding import encode_bounded, encode_json
from orchestrator.model.outcome import Join
from orchestrator.model.sizes import LARGEST_PROGRESS
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_one, fetch_value

_SQL = load_queries("orchestrator.store", "steps")


class Write(Enum):
    """The result of a write that is fenced by the attempt's token."""

    #: Another attempt owns the task, or the step was recorded already.
    REJECTED = auto()
    #: Written; nobody watches.
    UNWATCHED = auto()
    #: Written; the owner has a subscribed connection.
    WATCHED = auto()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step's result; `fault` says why there is none although its effect happened."""

    result: Json
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Waited:
    """A join that has begun: the digests of its calls (None: older code began it), and its deadline."""

    calls: list[str] | None
    over: bool
    seconds_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    name: str
    result: Json
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _AttemptState:
    status: Status
    owned: bool | None


def recorded_steps(conn: Connection, task_id: UUID) -> dict[str, Recorded]:
    """Return a task's recorded steps by name."""
    rows = fetch_all(conn, _Step, _SQL["recorded_steps"], {"task_id": task_id})
    return {step.name: Recorded(step.result, step.fault) for step in rows}


def record_step(
    conn: Connection,
    task_id: UUID,
    token: int,
    name: str,
    result: str,
    took_ms: int,
    fault: str | None = None,
    again: Mapping[str, Json] | None = None,
) -> Write:
    """Record a step's result (JSON text), or the `fault` for which it cannot be stored.

    `again`: the tries of a step that was begun more than once, and whether its check found the effect.
    """
    values = {
        "task_id": task_id,
        "token": token,
        "name": name,
        "result": result,
        "fault": fault,
        "event": encode_json({"step": name, "tookMs": took_ms, **(again or {})}),
    }
    return written(fetch_value(conn, bool, _SQL["record_step"], values))


def begin_step(conn: Connection, task_id: UUID, token: int, name: str) -> int | None:
    """Record that a step is about to be called; return how often it was begun, or None without the task."""
    values = {"task_id": task_id, "token": token, "name": name}
    return fetch_value(conn, int, _SQL["begin_step"], values)


def save_checkpoint(conn: Connection, task_id: UUID, token: int, name: str, state: str) -> bool:
    """Store the state (JSON text) of a loop; return False when another attempt owns the task."""
    values = {"task_id": task_id, "token": token, "name": name, "state": state}
    return fetch_value(conn, bool, _SQL["save_checkpoint"], values) is not None


def note_progress(conn: Connection, task_id: UUID, token: int, progress: Json) -> Write:
    """Store progress with its event. Raise ValueError when it is not JSON or too large."""
    text = encode_bounded(progress, LARGEST_PROGRESS, "the progress")
    values = {"task_id": task_id, "token": token, "progress": text}
    return written(fetch_value(conn, bool, _SQL["note_progress"], values))


def written(watched: bool | None) -> Write:
    """Return the result of a fenced write from its row: whether the owner watches, or None without a row."""
    if watched is None:
        return Write.REJECTED
    return Write.WATCHED if watched else Write.UNWATCHED


def attempt_state(conn: Connection, task_id: UUID, token: int) -> tuple[Status | None, bool]:
    """Return the task's status (None: erased) and whether this attempt still owns it."""
    state = fetch_one(conn, _AttemptState, _SQL["attempt_state"], {"task_id": task_id, "token": token})
    return (state.status, bool(state.owned)) if state else (None, False)


def begin_wait(conn: Connection, task_id: UUID, token: int, join: Join, calls: Sequence[str]) -> None:
    """Store a join's deadline and the digests of its calls, from its first time on."""
    values = {
        "task_id": task_id,
        "token": token,
        "name": f"gather:{join.name}",
        "deadline": join.deadline,
        "calls": encode_json(list(calls)),
    }
    conn.execute(_SQL["begin_wait"], values)


def waited(conn: Connection, task_id: UUID, name: str) -> Waited | None:
    """Return the join `name` of a task, or None when it has not begun."""
    return fetch_one(conn, Waited, _SQL["waited"], {"task_id": task_id, "name": f"gather:{name}"})
