"""Thousands of tasks to cancel, and their ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orchestrator.engine.operators.bulk_cancel import cancel_page
from orchestrator.model.ids import new_task_id
from orchestrator.store import attempts
from orchestrator.store.bulk_cancel import Chosen
from orchestrator.store.connection import Database
from tests.support.engine import Engine


def cancelled(engine: Engine, db: Database, **chosen: Any) -> int:
    done, more = cancel_page(db, engine.queue, engine.events, Chosen(**chosen), "olga (9)", "a wrong import")
    assert not more
    return done


def many(engine: Engine, number: int, type: str = "bulk") -> list[UUID]:
    ids = [new_task_id() for _ in range(number)]
    engine.db.connection().execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at)"
        " SELECT id, '1', %s, '{}', task_now(), task_now() FROM unnest(%s::uuid[]) AS one (id)",
        (type, ids),
    )
    return ids


def statuses(engine: Engine) -> dict[UUID, str]:
    rows = engine.db.connection().execute("SELECT id, status FROM agent_tasks").fetchall()
    return {row["id"]: row["status"] for row in rows}


def trail(engine: Engine) -> list[dict[str, Any]]:
    return engine.db.connection().execute("SELECT actor, action, detail FROM operator_actions ORDER BY id").fetchall()


def start(engine: Engine, task_id: UUID) -> attempts.Attempt:
    (attempt,) = engine.db.run(attempts.claim, [task_id], worker="w", lease=60, alone=True)
    return attempt
