"""The frames a watcher receives, as JSON bytes that never exceed the limit of API Gateway."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.model.cursor import Cursor
from orchestrator.model.states import Status
from orchestrator.model.task import Json, iso, public_error
from orchestrator.observability import tracing
from orchestrator.store.events import FeedEvent

#: Bytes; API Gateway refuses a message above 128 KB.
LARGEST_FRAME = 120_000


@dataclass(frozen=True, slots=True)
class Page:
    """Frames in order, each with the cursor after it; `end` is where they lead, `more` whether to read on there."""

    frames: list[tuple[bytes, str]]
    end: str
    more: bool


def page_of(events: Sequence[FeedEvent], cursor: Cursor, target: str, *, more: bool) -> Page:
    """The update frames of a page of events that leads from `cursor` towards the snapshot `target`."""
    frames = []
    end = str(cursor if more else Cursor(target))
    for index, event in enumerate(events):
        after = str(cursor.at(target, event.task_id, event.seq))
        if index == len(events) - 1:
            end = after if more else str(Cursor(target))
            after = end
        if event.kind != "stream":
            frames.append((_update_frame(event, after), after))
        elif event.text is not None:  # otherwise a later generation has replaced it
            frames.append((_stream_frame(event, after), after))
    # A cursor that was on its way to an older snapshot goes on from there to the present one.
    return Page(frames, end, more or cursor.target is not None)


def subscribed_frame(cursor: str) -> bytes:
    return _encode({"type": "subscribed", "cursor": cursor})


def pong_frame(cursor: str | None) -> bytes:
    return _encode({"type": "pong", "cursor": cursor})


def session_ended_frame() -> bytes:
    """Sent before a connection is closed whose token has ended: the client signs in or takes a new ticket."""
    return _encode(
        {"type": "error", "code": "session-ended", "message": "Your session has ended; please sign in again."}
    )


def crowded_out_frame() -> bytes:
    """Return the frame before the oldest connection of an owner is closed for a newer one."""
    message = "You are connected too many times; this connection makes room for a newer one."
    return _encode({"type": "error", "code": "crowded-out", "message": message})


def _stream_frame(event: FeedEvent, cursor: str) -> bytes:
    part = {name: event.data[name] for name in ("stream", "generation", "offset")}
    text = {"text": event.text, "done": event.data["done"]}
    frame = {"type": "stream", "cursor": cursor, "taskId": str(event.task_id), **part, **text}
    return _encode({**frame, "task": _task_of(event)})


def _task_of(event: FeedEvent) -> dict[str, Json]:
    """Return the fields of the task that every frame has."""
    return {
        "id": str(event.task_id),
        "type": event.type,
        "status": event.status.value,
        "attempts": event.attempts,
        "maxAttempts": event.max_attempts,
        "updatedAt": iso(event.created_at),
        "seq": event.seq,
        "event": event.kind,
    }


def _update_frame(event: FeedEvent, cursor: str) -> bytes:
    data = event.data or {}
    task = _task_of(event)
    optional = {
        "result": event.result,
        "error": public_error(data.get("error")) if event.status in (Status.FAILED, Status.DEAD_LETTER) else None,
        "progress": data.get("progress"),
        "step": data.get("step"),
        "asks": [_ask(ask) for ask in event.asks or ()] or None,
        "traceId": tracing.trace_id(event.traceparent),
    }
    task.update({name: value for name, value in optional.items() if value is not None})
    if event.result_truncated:
        task["resultTruncated"] = True
    frame = _encode({"type": "task-update", "cursor": cursor, "task": task})
    for name in ("result", "progress", "error", "step", "asks"):
        if len(frame) > LARGEST_FRAME and name in task:
            del task[name]
            task[f"{name}Truncated"] = True
            frame = _encode({"type": "task-update", "cursor": cursor, "task": task})
    return frame


def _ask(ask: Json) -> dict[str, Json]:
    until = ask["until"] and iso(datetime.fromisoformat(ask["until"]))
    shown = {name: ask[name] for name in ("name", "kind", "schema", "shown")}
    return {**shown, "expiresAt": until, "answerToken": ask["token"]}


def undeliverable_frame(frame: bytes) -> bytes:
    """Return the replacement of a frame that the gateway refuses: the same cursor, and which task to read over HTTP."""
    refused = json.loads(frame)
    if refused["type"] == "stream":
        return _encode({**refused, "text": "", "undeliverable": True})
    task = refused["task"]
    kept = {
        name: task[name] for name in ("id", "type", "status", "attempts", "maxAttempts", "updatedAt", "seq", "event")
    }
    truncated = {
        "resultTruncated": True,
        "progressTruncated": True,
        "errorTruncated": True,
        "asksTruncated": True,
        "undeliverable": True,
    }
    return _encode({"type": "task-update", "cursor": refused["cursor"], "task": {**kept, **truncated}})


def _encode(frame: Mapping[str, Json]) -> bytes:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
