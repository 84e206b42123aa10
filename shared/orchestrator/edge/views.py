"""Rows as answers show them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.model.task import Task, iso

#: Characters of a result that a page's item still carries; a larger one is read by its own route.
LONGEST_LISTED_RESULT = 16_384


def page_view(task: Task) -> dict[str, Any]:
    """A task in a list, so that no page outgrows what Lambda can answer with."""
    shown = task.public()
    if len(json.dumps(shown["result"])) > LONGEST_LISTED_RESULT:
        return {**shown, "result": None, "resultTruncated": True}
    return shown


def inbox_view(task: Task) -> dict[str, Any]:
    shown = task.public()
    return {name: shown[name] for name in ("id", "type", "result", "updatedAt")}


def event_view(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as the task's owner reads it; what it says of a failure's cause is for operators."""
    shown = {
        "seq": event["seq"],
        "kind": event["kind"],
        "status": event["status"],
        "attempts": event["attempts"],
        "createdAt": iso(event["created_at"]),
    }
    progress = (event["data"] or {}).get("progress")
    return {**shown, "progress": progress} if progress is not None else shown


def next_cursor(found: Sequence[Task], limit: int) -> str | None:
    """Where the next page begins, if one more than `limit` was found."""
    return str(found[limit - 1].id) if len(found) > limit else None
