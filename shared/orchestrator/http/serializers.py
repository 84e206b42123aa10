"""Rows as answers show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.model.task import Task, iso

#: Characters of a result that a page's item still carries; a larger one is read by its own route.
LONGEST_LISTED_RESULT = 16_384
#: Characters of a list; Lambda answers with 6 MB at most.
LARGEST_LIST = 2_000_000


def fitting(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many of the items, from the first, as one answer of Lambda can carry; always the first."""
    kept: list[dict[str, Any]] = []
    left = LARGEST_LIST
    for item in items:
        left -= len(json.dumps(item))
        if kept and left < 0:
            break
        kept.append(item)
    return kept


def page_view(task: Task) -> dict[str, Any]:
    """A task in a list, so that no page outgrows what Lambda can answer with."""
    shown = task.public()
    if len(json.dumps(shown["result"])) > LONGEST_LISTED_RESULT:
        return {**shown, "result": None, "resultTruncated": True}
    return shown


def event_view(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as the task's owner reads it; what it says of a failure's cause is for operators."""
    data = event["data"] or {}
    told = {name: data[name] for name in ("progress", "step", "retryInMs") if data.get(name) is not None}
    return {**_event(event), **told}


def next_cursor(found: Sequence[Task], limit: int) -> str | None:
    """Where the next page begins, if one more than `limit` was found."""
    return str(found[limit - 1].id) if len(found) > limit else None


def operator_view(task: Task, *, listed: bool = False) -> dict[str, Any]:
    """A task as operators read it: whose it is, and what really went wrong."""
    shown = page_view(task) if listed else {**task.public(), "payload": task.payload}
    return {
        **shown,
        "owner": task.owner_id,
        "errorDetail": task.error,
        "finishedAt": iso(task.finished_at),
        "flags": task.flags,
        "parentId": str(task.parent_id) if task.parent_id else None,
    }


def dossier_view(task: Task, told: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`told`: of `history_view`."""
    return {
        **operator_view(task),
        **told,
        "children": fitting(
            {"id": str(child["id"]), "type": child["type"], "status": child["status"], "error": child["error"]}
            for child in children
        ),
    }


def history_view(history: Sequence[Mapping[str, Any]], most: int, *, newest: bool) -> dict[str, Any]:
    """As many events as one answer can carry, in order: the last ones, or the first for who reads on from there."""
    events = [{**_event(event), "data": event["data"]} for event in history]
    kept = fitting(events[::-1][:most])[::-1] if newest else fitting(events[:most])
    return {"events": kept, "eventsTruncated": len(kept) < len(events)}


def dead_letter_view(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "owner": row["owner_id"],
        "type": row["type"],
        "attempts": row["attempts"],
        "error": row["error"],
        "deadSince": iso(row["dead_at"]),
    }


def group_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Dead letters that failed alike; the example is the newest."""
    return {
        "fingerprint": row["fingerprint"],
        "type": row["type"],
        "version": row["version"],
        "count": row["tasks"],
        "owners": row["owners"],
        "firstSeen": iso(row["first_seen"]),
        "lastSeen": iso(row["last_seen"]),
        "example": {"id": str(row["example_id"]), "owner": row["example_owner"], "error": row["example_error"]},
    }


def would_end_view(rows: Sequence[Mapping[str, Any]], since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """`rows`: groups of one type and status, and one of all, whose type is null."""
    (all_,) = (row for row in rows if row["type"] is None)
    groups = [row for row in rows if row["type"] is not None]
    example = {name: all_[f"example_{name}"] for name in ("id", "owner", "type", "status")}
    return {
        "total": all_["tasks"],
        "descendants": all_["descendants"],
        "owners": all_["owners"],
        "groups": [{"type": row["type"], "status": row["status"], "count": row["tasks"]} for row in groups],
        "oldest": iso(all_["oldest"]),
        "newest": iso(all_["newest"]),
        "example": {**example, "id": str(example["id"])} if all_["tasks"] else None,
        "since": iso(since),
        "until": iso(until),
    }


def audit_view(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "at": iso(row["created_at"]),
        "actor": row["actor"],
        "action": row["action"],
        "detail": {name: value for name, value in row["detail"].items() if value is not None},
    }


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "seq": event["seq"],
        "kind": event["kind"],
        "status": event["status"],
        "attempts": event["attempts"],
        "createdAt": iso(event["created_at"]),
    }
