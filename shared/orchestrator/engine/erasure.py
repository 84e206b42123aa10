"""Erasure of an owner's tasks, for an agent that erases an account."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from orchestrator.engine.context import Context
from orchestrator.store import erasure


def forget_owner(ctx: Context) -> int:
    """Erase everything of the owner but this task's own row, and close the account; commits with the task."""
    return erasure.erase_owner(ctx.db, ctx.owner, ctx.task_id)


def forget_mentions(ctx: Context, tasks: Sequence[UUID], redact: Sequence[UUID], part: str) -> None:
    """Erase other owners' tasks that name the owner, and `part` of the results of those that may stay."""
    erasure.erase_tasks(ctx.db, tasks)
    erasure.redact_results(ctx.db, redact, part)
