"""What a running attempt records on its way: steps, progress, waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "steps")


def recorded(conn: Connection, task_id: UUID) -> dict[str, Json]:
    """The results of a task's steps by name."""
    rows = conn.execute(_SQL["steps"], {"task_id": task_id}).fetchall()
    return {row["name"]: row["result"] for row in rows}


def record(conn: Connection, task_id: UUID, token: int, name: str, result: Json, took_ms: int) -> bool | None:
    """Records a step; whether its owner is watching, or None when it was not ours to record."""
    row = conn.execute(
        _SQL["record_step"],
        {
            "task_id": task_id,
            "token": token,
            "name": name,
            "result": encode_json(result),
            "event": encode_json({"step": name, "tookMs": took_ms}),
        },
    ).fetchone()
    return None if row is None else bool(row["watched"])


def note_progress(conn: Connection, task_id: UUID, token: int, progress: Json) -> bool | None:
    """Shows progress; whether its owner is watching, or None when the task is not ours any more."""
    row = conn.execute(
        _SQL["note_progress"], {"task_id": task_id, "token": token, "progress": encode_json(progress)}
    ).fetchone()
    return None if row is None else bool(row["watched"])


def attempt_state(conn: Connection, task_id: UUID, token: int) -> tuple[Status | None, bool]:
    """The task's status (None: gone) and whether this attempt still owns it."""
    row = conn.execute(_SQL["attempt_state"], {"task_id": task_id, "token": token}).fetchone()
    return (Status(row["status"]), bool(row["ours"])) if row else (None, False)


def begin_wait(conn: Connection, task_id: UUID, token: int, name: str, deadline: float | None) -> None:
    """Keeps when the join `name` stops waiting (seconds from now; None: never), from its first time on."""
    conn.execute(
        _SQL["begin_wait"],
        {"task_id": task_id, "token": token, "name": f"gather:{name}", "deadline": deadline},
    )


def wait_over(conn: Connection, task_id: UUID, name: str) -> tuple[bool, float | None]:
    """Whether the join's deadline has passed, and the seconds left (None: it has none)."""
    row: dict[str, Any] | None = conn.execute(
        _SQL["wait_over"], {"task_id": task_id, "name": f"gather:{name}"}
    ).fetchone()
    return (bool(row["over"]), row["seconds_left"]) if row else (False, None)
