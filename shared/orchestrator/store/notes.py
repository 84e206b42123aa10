"""Notes of operators on tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_one

_SQL = load_queries("orchestrator.store", "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: int
    created_at: datetime
    actor: str
    text: str


def add_note(conn: Connection, task_id: UUID, actor: str, text: str, most: int) -> Note | None:
    """Add a note to an existing task. None: the task has `most` notes already."""
    values = {"task_id": task_id, "actor": actor, "text": text, "most": most}
    return fetch_one(conn, Note, _SQL["add_note"], values)


def list_notes(conn: Connection, task_id: UUID) -> list[Note]:
    """Return the notes of a task, the oldest first."""
    return fetch_all(conn, Note, _SQL["list_notes"], {"task_id": task_id})
