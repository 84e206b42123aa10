"""A push that reads several events of a task sends one frame, and no client misses a final state."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from orchestrator.engine.live import subscriptions
from orchestrator.engine.live.frames import LARGEST_FRAME, MOST_EARLIER, page_of
from orchestrator.engine.operators.redrive import Selection, redrive
from orchestrator.http.serializers import event_view
from orchestrator.model.cursor import Cursor
from orchestrator.model.states import Status
from orchestrator.store import events as event_store
from orchestrator.store.events import FeedEvent
from tests.support.engine import Engine
from tests.support.frames import Browser, subscribed, updates_in


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_a_task_that_ended_before_the_push_needs_one_frame(engine: Engine, browser: Browser) -> None:
    mine = subscribed(engine, browser)
    task = engine.submit()
    engine.run(task.id)
    subscriptions.push(engine.db, browser, ["1"])
    (frame,) = browser.frames[mine][1:]
    assert (frame["task"]["status"], frame["task"]["seq"]) == ("completed", 3)
    assert [(each["seq"], each["kind"], each["status"]) for each in frame["task"]["earlier"]] == [
        (1, "submitted", "pending"),
        (2, "started", "processing"),
    ]
    events = engine.db.run(event_store.task_events, "1", task.id)
    assert frame["task"]["earlier"] == [event_view(each) for each in events[:-1]]


def test_every_final_state_has_a_frame_of_its_own(engine: Engine, browser: Browser) -> None:
    """A client that reads `task` alone misses no end of a task."""
    mine = subscribed(engine, browser)
    task = engine.submit(payload={"do": "raise"}, max_attempts=1)
    engine.run(task.id)
    redrive(engine.db, engine.queue, engine.events, Selection(ids=[task.id]), "olga")
    engine.run(task.id)
    subscriptions.push(engine.db, browser, ["1"])
    assert [frame["task"]["status"] for frame in browser.frames[mine][1:]] == ["dead-letter", "dead-letter"]
    assert [seq for _, seq in browser.updates(mine)] == list(range(1, engine.task(task.id).seq + 1))


def test_a_run_of_events_that_is_too_large_is_sent_one_by_one(engine: Engine, browser: Browser) -> None:
    mine = subscribed(engine, browser)
    task = engine.submit("test.noop", {"text": "x" * (LARGEST_FRAME - 450)})
    engine.run(task.id)
    subscriptions.push(engine.db, browser, ["1"])
    frames = browser.frames[mine][1:]
    assert [frame["task"]["seq"] for frame in frames] == [1, 2, 3]
    assert [set(frame["task"]) & {"earlier", "resultTruncated"} for frame in frames] == [set(), set(), set()]


def progress_of(task_id: UUID, seq: int) -> FeedEvent:
    return FeedEvent(
        task_id=task_id,
        seq=seq,
        type="test.noop",
        kind="progress",
        status=Status.PROCESSING,
        attempts=1,
        max_attempts=3,
        created_at=datetime.now(UTC),
        data={"progress": {"message": f"part {seq}"}},
        result=None,
        result_truncated=False,
        traceparent=None,
    )


def test_a_long_run_of_events_is_cut_and_tasks_are_not_mixed() -> None:
    one, other = sorted((uuid4(), uuid4()))
    count = MOST_EARLIER + 10
    events = [progress_of(one, seq) for seq in range(1, count + 1)] + [progress_of(other, 1)]
    page = page_of(events, Cursor("5:5:"), "9:9:", more=False)
    frames = [json.loads(data) for data, _ in page.frames]
    assert [len(updates_in(frame)) for frame in frames] == [MOST_EARLIER + 1, 9, 1]
    seen = [(each["id"], each["seq"]) for frame in frames for each in updates_in(frame)]
    assert seen == [(str(event.task_id), event.seq) for event in events]
    assert [frame["cursor"] for frame in frames] == [cursor for _, cursor in page.frames]
    assert page.end == frames[-1]["cursor"]


def test_the_text_of_a_stream_has_a_frame_of_its_own() -> None:
    task_id = uuid4()
    data = {"stream": "answer", "generation": 1, "offset": 0, "done": False}
    text = replace(progress_of(task_id, 2), kind="stream", data=data, text="Once")
    page = page_of([progress_of(task_id, 1), text, progress_of(task_id, 3)], Cursor("5:5:"), "9:9:", more=False)
    frames = [json.loads(data) for data, _ in page.frames]
    assert [(frame["type"], frame["task"]["seq"]) for frame in frames] == [
        ("task-update", 1),
        ("stream", 2),
        ("task-update", 3),
    ]
