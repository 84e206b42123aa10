"""Turn rows into responses: one function for each shape of `schemas`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

from orchestrator.engine.submit import Submitted
from orchestrator.http.views.waiting import ask_view, waiting_view
from orchestrator.model.errors import InvalidInput, Rejected
from orchestrator.model.states import Status
from orchestrator.model.task import SHOW_ERROR, Json, ListedTask, Task, TaskSummary, iso, public_error
from orchestrator.store.audit import OperatorAction
from orchestrator.store.bulk_cancel import EndingGroup
from orchestrator.store.children import ListedChild
from orchestrator.store.dead_letters import DeadLetter, FailureGroup
from orchestrator.store.events import TaskEvent
from orchestrator.store.staged_redrives import StagedRedrive
from orchestrator.store.streams import StreamText

if TYPE_CHECKING:
    from orchestrator.engine.waiting.reasons import WaitReason
    from orchestrator.http.schemas import operator_responses as operators
    from orchestrator.http.schemas import responses
    from orchestrator.store.budgets import Cost
    from orchestrator.store.waits import Ask

Item = TypeVar("Item")

#: Bytes of a list as it is sent; see `model.sizes`.
LARGEST_LIST = 1_250_000


def fitting(items: Iterable[Item]) -> list[Item]:
    """Return the first items that fit into one response of Lambda, at least one."""
    kept: list[Item] = []
    left = LARGEST_LIST
    for item in items:
        left -= len(json.dumps(json.dumps(item)))
        if kept and left < 0:
            break
        kept.append(item)
    return kept


def task_view(
    task: TaskSummary, asks: Sequence[Ask] = (), waits: WaitReason | None = None, cost: Cost | None = None
) -> responses.TaskView:
    """Return the task as its owner reads it, with its questions, the reason of its wait, and its cost."""
    view: responses.TaskView = {
        "id": str(task.id),
        "type": task.type,
        "status": task.status.value,
        "result": task.result,
        "error": public_error(task.error) if task.status in SHOW_ERROR else None,
        "attempts": task.attempts,
        "maxAttempts": task.max_attempts,
        "nextRunAt": iso(task.due_at) if task.status is Status.PENDING else None,
        "createdAt": iso(task.created_at),
        "updatedAt": iso(task.updated_at),
        "progress": task.progress,
        "seq": task.seq,
        "traceId": task.trace_id,
    }
    if task.deadline_at is not None:
        view["deadline"] = iso(task.deadline_at)
    waiting = waiting_view(task, waits)
    if waiting:
        view["waitingFor"] = waiting
    if asks:
        view["asks"] = [ask_view(ask) for ask in asks]
    if cost is not None:
        view["cost"] = {
            "micros": cost.micros,
            "calls": cost.calls,
            "inputTokens": cost.input_tokens,
            "outputTokens": cost.output_tokens,
        }
    return view


def receipt(task: Task) -> responses.TaskReceipt:
    """Return the response to a submit."""
    return {
        "id": str(task.id),
        "status": task.status.value,
        "attempts": task.attempts,
        "maxAttempts": task.max_attempts,
        "traceId": task.trace_id,
    }


def batch_item(answer: Submitted | Rejected) -> responses.BatchItem:
    """Return the response to one task of a batch: its receipt, or its faults."""
    if isinstance(answer, Submitted):
        return {"id": str(answer.task.id), "status": answer.task.status.value}
    faults = answer.faults if isinstance(answer, InvalidInput) else ()
    named: list[responses.Fault] = [
        {"field": fault.field, "code": fault.code, "message": fault.message} for fault in faults
    ]
    return {"errors": named or [{"field": "task", "code": answer.code, "message": answer.message}]}


def page_view(task: ListedTask) -> responses.ListedTask:
    """Return a task of a list; a large result is read by its own route."""
    if task.result_truncated:
        return {**task_view(task), "resultTruncated": True}
    return cast("responses.ListedTask", task_view(task))


def stream_view(stream: StreamText, after: int) -> responses.StreamText:
    """Return the text of a stream after so many characters."""
    return {"generation": stream.generation, "offset": after, "text": stream.text, "done": stream.done}


def event_view(event: TaskEvent) -> responses.TaskEvent:
    """Return an event as the task's owner reads it, without the cause of a failure."""
    shown: responses.TaskEvent = {
        "seq": event.seq,
        "kind": event.kind,
        "status": event.status.value,
        "attempts": event.attempts,
        "createdAt": iso(event.created_at),
    }
    data = event.data or {}
    if data.get("progress") is not None:
        shown["progress"] = data["progress"]
    if data.get("step") is not None:
        shown["step"] = data["step"]
    if data.get("retryInMs") is not None:
        shown["retryInMs"] = data["retryInMs"]
    return shown


def next_cursor(found: Sequence[TaskSummary], shown: int) -> str | None:
    """Return the cursor of the next page, or None when every found task is `shown`."""
    return str(found[shown - 1].id) if len(found) > shown else None


def operator_view(task: Task) -> operators.OpsTask:
    """Return a task as operators read it, with its owner and the cause of a failure."""
    return {
        **task_view(task),
        "payload": task.payload,
        "owner": task.owner_id,
        "errorDetail": task.error,
        "finishedAt": iso(task.finished_at),
        "flags": task.flags,
        "parentId": str(task.parent_id) if task.parent_id else None,
        "uniqueKey": task.unique_key,
    }


def operator_page_view(task: ListedTask) -> operators.OpsListedTask:
    """Return a task of the operators' list."""
    return {
        **page_view(task),
        "owner": task.owner_id,
        "errorDetail": task.error,
        "finishedAt": iso(task.finished_at),
        "flags": task.flags,
        "parentId": str(task.parent_id) if task.parent_id else None,
    }


def task_detail_view(
    task: Task,
    history: operators.EventHistory,
    children: Sequence[ListedChild],
    notes: list[operators.Note],
    why: Mapping[str, Json],
) -> operators.TaskDetail:
    return {
        **operator_view(task),
        **history,
        "children": fitting(child_view(child) for child in children),
        "notes": notes,
        "why": cast("operators.Why", why),
    }


def child_view(child: ListedChild) -> operators.OpsChild:
    return {"id": str(child.id), "type": child.type, "status": child.status.value, "error": child.error}


def history_view(history: Sequence[TaskEvent], most: int, *, newest: bool) -> operators.EventHistory:
    """Return the events that fit into one response, in order: the newest, or the first ones of a later page."""
    events = [operator_event_view(event) for event in history]
    kept = fitting(events[::-1][:most])[::-1] if newest else fitting(events[:most])
    return {"events": kept, "eventsTruncated": len(kept) < len(events)}


def operator_event_view(event: TaskEvent) -> operators.OpsEvent:
    return {
        "seq": event.seq,
        "kind": event.kind,
        "status": event.status.value,
        "attempts": event.attempts,
        "createdAt": iso(event.created_at),
        "data": event.data,
    }


def dead_letter_view(dead_letter: DeadLetter) -> operators.DeadLetter:
    return {
        "id": str(dead_letter.id),
        "owner": dead_letter.owner_id,
        "type": dead_letter.type,
        "attempts": dead_letter.attempts,
        "error": dead_letter.error,
        "deadSince": iso(dead_letter.dead_at),
    }


def group_view(group: FailureGroup) -> operators.FailureGroup:
    return {
        "fingerprint": group.fingerprint,
        "type": group.type,
        "version": group.version,
        "count": group.tasks,
        "owners": group.owners,
        "firstSeen": iso(group.first_seen),
        "lastSeen": iso(group.last_seen),
        "example": {"id": str(group.example_id), "owner": group.example_owner, "error": group.example_error},
    }


def redrive_view(redrive: StagedRedrive) -> operators.RedriveView:
    return {
        "id": str(redrive.id),
        "state": redrive.state,
        "reason": redrive.reason,
        "canary": redrive.canary,
        "rate": redrive.rate,
        "released": redrive.released,
        "total": redrive.total,
        "open": redrive.open,
        "waitingFor": str(redrive.waiting_for) if redrive.waiting_for else None,
        "failedTask": str(redrive.failed_task) if redrive.failed_task else None,
        "actor": redrive.actor,
        "fingerprints": redrive.fingerprints,
        "createdAt": iso(redrive.created_at),
        "updatedAt": iso(redrive.updated_at),
    }


def would_end_view(groups: Sequence[EndingGroup], since: datetime | None, until: datetime | None) -> operators.WouldEnd:
    """Return a preview. `groups`: those of one type and status, and one of all, whose type is None."""
    (all_,) = (group for group in groups if group.type is None)
    return {
        "total": all_.tasks,
        "descendants": all_.descendants,
        "owners": all_.owners,
        "groups": [
            {"type": group.type, "status": group.status.value, "count": group.tasks}
            for group in groups
            if group.type is not None and group.status is not None
        ],
        "oldest": iso(all_.oldest),
        "newest": iso(all_.newest),
        "example": _example(all_),
        "since": iso(since),
        "until": iso(until),
    }


def _example(group: EndingGroup) -> operators.EndingTask | None:
    """Return the newest task of the group, or None when the group is empty."""
    if group.example_owner is None or group.example_type is None or group.example_status is None:
        return None
    return {
        "id": str(group.example_id),
        "owner": group.example_owner,
        "type": group.example_type,
        "status": group.example_status.value,
    }


def audit_view(entry: OperatorAction) -> operators.AuditEntry:
    return {
        "id": entry.id,
        "at": iso(entry.created_at),
        "actor": entry.actor,
        "action": entry.action,
        "detail": {name: value for name, value in entry.detail.items() if value is not None},
    }
