"""What an agent that erases an account does to the engine's own memory."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from orchestrator.engine.context import Context
from orchestrator.store import erasure


def forget_owner(ctx: Context) -> int:
    """Erases all the owner ever had here but this task's own shell, and closes every door; commits with the task."""
    return erasure.forget_owner(ctx.db, ctx.owner, ctx.task_id)


def forget_mentions(ctx: Context, tasks: Sequence[UUID], redact: Sequence[UUID], part: str) -> None:
    """Erases other owners' tasks that speak of the owner, and `part` of the results of those that may stay."""
    erasure.forget_tasks(ctx.db, tasks)
    erasure.redact_results(ctx.db, redact, part)
