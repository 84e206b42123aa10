"""The frames a watcher receives, as JSON bytes that never exceed the limit of API Gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.model.cursor import Cursor
from orchestrator.model.states import FINAL, Status
from orchestrator.model.task import Json, iso, public_error
from orchestrator.observability import tracing
from orchestrator.store.events import FeedEvent

#: Bytes; API Gateway refuses a message above 128 KB.
LARGEST_FRAME = 120_000
#: Events of one task that go with the update of a later one.
MOST_EARLIER = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Frames in order, each with the cursor after it; `end` is where they lead, `more` whether to read on there."""

    frames: list[tuple[bytes, str]]
    end: str
    more: bool


def page_of(events: Sequence[FeedEvent], cursor: Cursor, target: str, *, more: bool) -> Page:
    """Return the update frames of a page of events that leads from `cursor` towards the snapshot `target`."""
    end = str(cursor if more else Cursor(target))
    if more and events:
        end = str(cursor.at(target, events[-1].task_id, events[-1].seq))
    frames: list[tuple[bytes, str]] = []
    for group in _groups(events):
        cursors = [end if each is events[-1] else str(cursor.at(target, each.task_id, each.seq)) for each in group]
        frames += _frames(group, cursors)
    # A cursor that was on its way to an older snapshot goes on from there to the present one.
    return Page(frames, end, more or cursor.target is not None)


def _groups(events: Sequence[FeedEvent]) -> Iterator[list[FeedEvent]]:
    """Return runs of events whose frame is one; the text of a stream has a frame of its own."""
    group: list[FeedEvent] = []
    for event in events:
        if group and (len(group) > MOST_EARLIER or not _goes_with(group[-1], event)):
            yield group
            group = []
        group.append(event)
    if group:
        yield group


def _goes_with(event: FeedEvent, following: FeedEvent) -> bool:
    """Return whether `event` may travel with the update of the next event: same task, and no end of it."""
    same = event.task_id == following.task_id and "stream" not in (event.kind, following.kind)
    return same and event.status not in FINAL


def _frames(group: Sequence[FeedEvent], cursors: Sequence[str]) -> Iterator[tuple[bytes, str]]:
    """One frame for a run of events, or one for each where they are too large together."""
    *earlier, last = group
    if last.kind == "stream":
        if last.text is not None:  # otherwise a later generation has replaced it
            yield _stream_frame(last, cursors[-1]), cursors[-1]
        return
    task = {**_task(last), "earlier": [_earlier(each) for each in earlier]}
    frame = _encode({"type": "task-update", "cursor": cursors[-1], "task": task})
    if earlier and len(frame) <= LARGEST_FRAME:
        yield frame, cursors[-1]
    else:
        yield from ((_update_frame(event, cursor), cursor) for event, cursor in zip(group, cursors, strict=True))


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


def _update_frame(event: FeedEvent, cursor: str) -> bytes:
    task = _task(event)
    frame = _encode({"type": "task-update", "cursor": cursor, "task": task})
    for name in ("result", "progress", "error", "step", "asks"):
        if len(frame) > LARGEST_FRAME and name in task:
            del task[name]
            task[f"{name}Truncated"] = True
            frame = _encode({"type": "task-update", "cursor": cursor, "task": task})
    return frame


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


def _task(event: FeedEvent) -> dict[str, Json]:
    """Return the `task` of an update."""
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
    return task


def _earlier(event: FeedEvent) -> dict[str, Json]:
    """Return an event that goes with the update of a later one, as `GET /api/tasks/{id}/events` shows it."""
    data = event.data or {}
    seen: dict[str, Json] = {
        "seq": event.seq,
        "kind": event.kind,
        "status": event.status.value,
        "attempts": event.attempts,
        "createdAt": iso(event.created_at),
    }
    return {**seen, **{name: data[name] for name in ("progress", "step", "retryInMs") if data.get(name) is not None}}


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
