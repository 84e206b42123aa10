"""Dead letters to redrive, and a redrive of them under way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orchestrator.engine.operators import staged_redrive
from orchestrator.engine.operators.redrive import Selection
from orchestrator.model.states import Status
from orchestrator.store.staged_redrives import StagedRedrive
from tests.support.engine import Engine


def dead(engine: Engine, many: int, *, repaired: bool) -> list[UUID]:
    """Dead letters that succeed the next time, or never."""
    tasks = [engine.submit(payload={"do": "raise", "times": 1 if repaired else 0}, max_attempts=1) for _ in range(many)]
    for task in tasks:
        engine.run(task.id)
    if repaired:
        engine.db.connection().execute('UPDATE agent_tasks SET payload = \'{"do": "succeed"}\'')
    assert {engine.task(task.id).status for task in tasks} == {Status.DEAD_LETTER}
    engine.queue.sent.clear()
    return [task.id for task in tasks]


def begin(engine: Engine, *, canary: bool = True, rate: float | None = None, **which: Any) -> StagedRedrive:
    begun = staged_redrive.begin(
        engine.db, engine.queue, engine.events, Selection(**which), "olga", canary=canary, rate=rate
    )
    assert begun is not None
    shown, first = begun
    assert first == engine.queue.ids
    return shown


def advance(engine: Engine, begun: StagedRedrive) -> StagedRedrive:
    return staged_redrive.advance(engine.db, engine.queue, engine.events, begun.id)


def run_sent(engine: Engine) -> list[UUID]:
    ids = engine.queue.ids
    engine.queue.sent.clear()
    for task_id in ids:
        engine.run(task_id)
    return ids


def many_dead(engine: Engine, many: int) -> None:
    """As many, made by one statement; they died one after another."""
    engine.db.connection().execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, status, error, attempts, due_at, finished_at, dead_at)"
        " SELECT gen_random_uuid(), '1', 'test.effect', '{}', 'dead-letter', %s, 3, at, at, at"
        " FROM generate_series(1, %s) n, LATERAL (SELECT task_now() - n * interval '1 second' AS at) moment",
        ('{"kind": "error", "fingerprint": "f"}', many),
    )


def run_due(engine: Engine) -> None:
    """Run the pending tasks that are due."""
    due = engine.db.connection().execute("SELECT id FROM agent_tasks WHERE status = 'pending' AND due_at <= task_now()")
    engine.run(*(row["id"] for row in due.fetchall()))


def end_well(engine: Engine) -> None:
    """Complete the pending tasks that are due, by two statements and without running their handlers."""
    execute = engine.db.connection().execute
    execute(
        "UPDATE agent_tasks SET status = 'processing', token = 1, leased_until = task_now()"
        " WHERE status = 'pending' AND due_at <= task_now()"
    )
    execute(
        "UPDATE agent_tasks SET status = 'completed', token = NULL, leased_until = NULL, wake_at = NULL, result = '{}',"
        " finished_at = task_now() WHERE status = 'processing'"
    )


def counts(engine: Engine) -> dict[str, int]:
    """How many tasks there are, by status."""
    rows = engine.db.connection().execute("SELECT status, count(*) AS n FROM agent_tasks GROUP BY 1").fetchall()
    return {row["status"]: row["n"] for row in rows}
