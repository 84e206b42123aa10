"""What a running attempt records on its way: steps, progress, waits."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection, load_queries
from orchestrator.store.rows import fetch_all, fetch_one, fetch_value

_SQL = load_queries("orchestrator.store", "steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    name: str
    result: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class _AttemptState:
    status: Status
    ours: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    over: bool
    seconds_left: float | None


def recorded(conn: Connection, task_id: UUID) -> dict[str, Json]:
    """The results of a task's steps by name."""
    return {step.name: step.result for step in fetch_all(conn, _Step, _SQL["steps"], {"task_id": task_id})}


def record(conn: Connection, task_id: UUID, token: int, name: str, result: Json, took_ms: int) -> bool | None:
    """Records a step; whether its owner is watching, or None when it was not ours to record."""
    values = {
        "task_id": task_id,
        "token": token,
        "name": name,
        "result": encode_json(result),
        "event": encode_json({"step": name, "tookMs": took_ms}),
    }
    return fetch_value(conn, bool, _SQL["record_step"], values)


def note_progress(conn: Connection, task_id: UUID, token: int, progress: Json) -> bool | None:
    """Shows progress; whether its owner is watching, or None when the task is not ours any more."""
    values = {"task_id": task_id, "token": token, "progress": encode_json(progress)}
    return fetch_value(conn, bool, _SQL["note_progress"], values)


def attempt_state(conn: Connection, task_id: UUID, token: int) -> tuple[Status | None, bool]:
    """The task's status (None: gone) and whether this attempt still owns it."""
    state = fetch_one(conn, _AttemptState, _SQL["attempt_state"], {"task_id": task_id, "token": token})
    return (state.status, bool(state.ours)) if state else (None, False)


def begin_wait(conn: Connection, task_id: UUID, token: int, name: str, deadline: float | None) -> None:
    """Keeps when the join `name` stops waiting (seconds from now; None: never), from its first time on."""
    conn.execute(
        _SQL["begin_wait"],
        {"task_id": task_id, "token": token, "name": f"gather:{name}", "deadline": deadline},
    )


def wait_over(conn: Connection, task_id: UUID, name: str) -> tuple[bool, float | None]:
    """Whether the join's deadline has passed, and the seconds left (None: it has none)."""
    wait = fetch_one(conn, _Wait, _SQL["wait_over"], {"task_id": task_id, "name": f"gather:{name}"})
    return (wait.over, wait.seconds_left) if wait else (False, None)
