"""Notes of operators on a task, with the actor in the audit trail."""

from __future__ import annotations

from uuid import UUID

from orchestrator.model.errors import Conflict, NotFound
from orchestrator.store import audit, notes, tasks
from orchestrator.store.connection import Connection, Database
from orchestrator.store.notes import Note
from orchestrator.store.owners import ANY_OWNER

#: Notes of one task.
MOST_NOTES = 100


def add_note(db: Database, task_id: UUID, actor: str, text: str) -> Note:
    """Add a note to anybody's task. Raise NotFound, or Conflict when it has MOST_NOTES."""
    return db.run(_add, task_id, actor, text)


def _add(conn: Connection, task_id: UUID, actor: str, text: str) -> Note:
    """Write the note together with its audit entry, which has no copy of the text."""
    with conn.transaction():
        if tasks.get_task(conn, ANY_OWNER, task_id) is None:
            raise NotFound("There is no such task.")
        note = notes.add_note(conn, task_id, actor, text, MOST_NOTES)
        if note is None:
            raise Conflict(f"A task has {MOST_NOTES} notes at most.")
        audit.record_action(conn, actor, "note", {"task": str(task_id), "note": note.id})
        return note
