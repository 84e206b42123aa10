"""The wait of a task and its open questions, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from orchestrator.model.states import Status
from orchestrator.model.task import TaskSummary, iso

if TYPE_CHECKING:
    from orchestrator.engine.waiting.reasons import WaitReason
    from orchestrator.http.schemas import responses
    from orchestrator.store.waits import Ask


def waiting_view(task: TaskSummary, reason: WaitReason | None) -> responses.WaitingFor | None:
    """Return the wait of a task, with its `reason` where the route has read it; None when it does not wait."""
    view = _wait(task, task.awaits) if task.status is Status.PENDING and task.awaits is not None else None
    if reason is None:
        return view
    since, until = iso(reason.since), iso(reason.until)
    said: responses.WaitingFor = {
        "reason": reason.reason,
        "sentence": reason.sentence,
        "since": since,
        "until": until,
        "act": reason.act,
    }
    return {**view, **said} if view else said


def _wait(task: TaskSummary, awaits: str) -> responses.WaitingFor:
    kind, _, name = awaits.partition(":") if task.waiting_for is None else ("children", "", awaits)
    return {"kind": cast("responses.WaitKind", kind), "name": name, "until": iso(task.due_at)}


def is_asking(task: TaskSummary) -> bool:
    """Return whether the task waits for an answer, so that its open questions are worth a statement."""
    return task.awaits is not None and task.waiting_for is None and task.awaits.startswith(("signal:", "approval:"))


def ask_view(ask: Ask) -> responses.Ask:
    """Return an open question as a person reads it."""
    return {
        "name": ask.name,
        "kind": cast("responses.AskKind", ask.kind),
        "schema": ask.schema,
        "shown": ask.shown,
        "expiresAt": iso(ask.until),
        "answerToken": ask.token,
    }
