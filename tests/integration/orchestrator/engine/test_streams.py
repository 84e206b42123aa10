"""A stream is exact: the text that watchers read equals the recorded result, whatever fails and whoever reconnects."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.context import stream as stream_module
from orchestrator.engine.live import subscriptions
from orchestrator.model.sizes import LONGEST_STREAM
from orchestrator.model.states import Status
from orchestrator.store import row_security, streams
from orchestrator.store.connection import Database
from tests.support.engine import Engine
from tests.support.frames import Browser, subscribed

TEXTS = ["A ", "trip ", "to ", "Bergen 🚂", " takes ", "seven", " hours."]


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def each_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store each write by itself."""
    monkeypatch.setattr(stream_module, "FLUSH_SECONDS", 0.0)


def run(engine: Engine, parts: list[str], **payload: Any) -> UUID:
    task = engine.submit("test.streaming", {"parts": parts, **payload})
    engine.run(task.id)
    return task.id


def read(engine: Engine, task_id: UUID, after: int = 0, owner: str = "1") -> streams.StreamText | None:
    api = engine.database("api")
    with api.row_context(row_security.owner(owner)):
        return api.run(streams.read_stream, owner, task_id, "answer", after)


def text_of(frames: list[dict[str, Any]]) -> str:
    """Put a stream together as a client does: by generation and offset."""
    generation, text = 0, ""
    for frame in frames:
        if frame["type"] != "stream" or frame["generation"] < generation:
            continue
        if frame["generation"] > generation:
            generation, text = frame["generation"], ""
        assert frame["offset"] <= len(text), "a part is missing"
        if frame["offset"] == len(text):
            text += frame["text"]
    return text


def test_watchers_see_the_text_grow(engine: Engine, browser: Browser, each_write: None) -> None:
    connection = subscribed(engine, browser)
    task = run(engine, TEXTS)
    subscriptions.push(engine.db, browser, ["1"])
    frames = [frame for frame in browser.frames[connection] if frame["type"] == "stream"]
    assert [frame["text"] for frame in frames] == [*TEXTS, ""]
    assert [frame["done"] for frame in frames] == [False] * 7 + [True]
    assert {frame["taskId"] for frame in frames} == {str(task)}
    assert text_of(frames) == engine.task(task).result["text"]


def test_a_stream_that_has_ended_is_one_row(engine: Engine, each_write: None) -> None:
    task = run(engine, TEXTS)
    rows = engine.db.connection().execute("SELECT start, text, done FROM agent_task_chunks").fetchall()
    assert rows == [{"start": 0, "text": "".join(TEXTS), "done": True}]
    assert read(engine, task) == streams.StreamText(generation=1, text="".join(TEXTS), done=True)
    assert read(engine, task, after=12) == streams.StreamText(generation=1, text="".join(TEXTS)[12:], done=True)


def test_a_retry_starts_a_new_generation(engine: Engine, browser: Browser, each_write: None) -> None:
    connection = subscribed(engine, browser)
    task = run(engine, TEXTS, fails_after=[3, 5])
    subscriptions.push(engine.db, browser, ["1"])
    unfinished = read(engine, task)
    assert unfinished is not None
    assert (unfinished.generation, unfinished.text, unfinished.done) == (1, "A trip to ", False)
    for _ in range(2):
        engine.move_clock(120)
        engine.run(task)
    subscriptions.push(engine.db, browser, ["1"])
    assert text_of(browser.frames[connection]) == "".join(TEXTS)
    ended = read(engine, task)
    assert ended is not None
    assert (ended.generation, ended.done) == (3, True)


def test_a_watcher_that_comes_late_gets_no_text_of_an_older_generation(
    engine: Engine, browser: Browser, each_write: None
) -> None:
    first = subscribed(engine, browser)
    cursor = browser.cursor(first)
    task = run(engine, TEXTS, fails_after=[3])
    engine.move_clock(120)
    engine.run(task)
    late = subscribed(engine, browser, cursor=cursor)
    assert text_of(browser.frames[late]) == "".join(TEXTS)
    assert {frame["generation"] for frame in browser.frames[late] if frame["type"] == "stream"} == {2}


def test_every_reader_gets_every_character_once(engine: Engine, browser: Browser, each_write: None) -> None:
    """Random tokens, frames that fail, sockets that are replaced, an attempt that dies in mid-sentence."""
    dice = random.Random(7)
    tokens = ["".join(dice.choices("abcdé 漢🚂\n", k=dice.randint(1, 6))) for _ in range(400)]
    connection = subscribed(engine, browser)
    received = browser.frames[connection]
    browser.fails = dice
    task = run(engine, tokens, fails_after=[120])
    engine.move_clock(120)
    engine.run(task)
    for _ in range(60):
        cursor = browser.cursor(connection)
        browser.fails = None
        connection = subscribed(engine, browser, cursor=cursor)
        browser.fails = dice
        received += browser.frames[connection]
        subscriptions.push(engine.db, browser, ["1"])
    assert text_of(received) == "".join(tokens)


def test_small_writes_are_stored_together(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "FLUSH_SECONDS", 3600.0)
    task = run(engine, ["x"] * 2_500)
    kinds = engine.kinds(task)
    assert kinds.count("stream") == 4  # the first at once, two of 1,000, and the end
    assert engine.task(task).status is Status.COMPLETED


def test_a_large_write_is_cut_into_chunks(engine: Engine, browser: Browser) -> None:
    connection = subscribed(engine, browser)
    run(engine, ["\x01" * 30_000])
    subscriptions.push(engine.db, browser, ["1"])
    assert text_of(browser.frames[connection]) == "\x01" * 30_000


def test_a_stream_is_bounded(engine: Engine) -> None:
    task = engine.submit("test.streaming", {"parts": ["x" * LONGEST_STREAM, "x"]}, max_attempts=1)
    engine.run(task.id)
    assert engine.task(task.id).status is Status.DEAD_LETTER
    assert "200,000 characters" in engine.task(task.id).error["message"]


def test_text_that_postgres_cannot_store_is_left_out(engine: Engine) -> None:
    task = run(engine, ["a<NUL>b"])
    found = read(engine, task)
    assert found is not None
    assert found.text == "ab"


def test_an_attempt_that_lost_its_task_writes_nothing(engine: Engine, each_write: None) -> None:
    task = engine.submit("test.streaming", {"parts": TEXTS})
    engine.db.connection().execute(
        "UPDATE agent_tasks SET status = 'processing', token = 5, leased_until = task_now() + interval '1 minute'"
        " WHERE id = %s",
        (task.id,),
    )
    worker = engine.database("worker")
    assert worker.run(streams.begin_stream, task.id, 4, "answer", "late") is None
    assert read(engine, task.id) is None


def test_another_owner_reads_nothing(engine: Engine) -> None:
    task = run(engine, TEXTS)
    assert read(engine, task, owner="2") is None
    stranger: Database = engine.database("api")
    with stranger.row_context(row_security.owner("2")):
        assert stranger.run(streams.read_stream, "1", task, "answer", 0) is None, (
            "row-level security is the second lock"
        )


def test_an_empty_stream_ends(engine: Engine) -> None:
    task = run(engine, [])
    assert read(engine, task) == streams.StreamText(generation=1, text="", done=True)
