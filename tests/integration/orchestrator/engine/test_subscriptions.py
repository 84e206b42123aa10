"""A watcher misses nothing: every update once seen, in order, with any order of commits and any cut."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from orchestrator.aws.websocket_api import Delivery
from orchestrator.engine.live import delivery, subscriptions
from orchestrator.model.errors import InvalidInput, NotFound, Unauthenticated
from orchestrator.store.connection import Database, connect
from tests.support.engine import Engine
from tests.support.frames import Browser, opened, subscribed, updates_in


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    """A second connection, for transactions that overlap."""
    database = Database(lambda: connect(database_url))
    yield database
    database.close()


def test_a_ticket_is_used_once_and_in_time(engine: Engine, browser: Browser) -> None:
    ticket = subscriptions.issue_ticket(engine.db, "1", time.time() + 600)
    subscriptions.connect(engine.db, browser, ticket, "a")
    with pytest.raises(Unauthenticated):
        subscriptions.connect(engine.db, browser, ticket, "b")
    with pytest.raises(Unauthenticated):
        subscriptions.connect(engine.db, browser, "forged", "c")
    late = subscriptions.issue_ticket(engine.db, "1", time.time() + 600)
    engine.move_clock(61)
    with pytest.raises(Unauthenticated):
        subscriptions.connect(engine.db, browser, late, "d")


def test_updates_reach_the_subscriber_in_order_and_no_one_else(engine: Engine, browser: Browser) -> None:
    mine, foreign = subscribed(engine, browser), subscribed(engine, browser, owner="2")
    task = engine.submit()
    engine.run(task.id)
    assert engine.events.owners[-1] == "1"
    subscriptions.push(engine.db, browser, ["1", "2"])
    assert browser.updates(mine) == [(str(task.id), 1), (str(task.id), 2), (str(task.id), 3)]
    last = browser.frames[mine][-1]["task"]
    assert (last["status"], last["result"]["attempt"], last["maxAttempts"]) == ("completed", 1, 3)
    assert browser.updates(foreign) == []
    subscriptions.push(engine.db, browser, ["1"])
    assert len(browser.updates(mine)) == 3


def test_nothing_is_sent_without_watchers(engine: Engine) -> None:
    engine.run(engine.submit().id)
    assert engine.events.owners == []


def test_a_commit_out_of_order_is_not_skipped(engine: Engine, browser: Browser, other: Database) -> None:
    """The transaction that began first commits last: its event is older than the cursor and still delivered."""
    late, early = engine.submit(), engine.submit()
    mine = subscribed(engine, browser)
    from orchestrator.store import attempts

    with other.transaction() as open_transaction:
        slow = attempts.claim(open_transaction, [late.id], worker="slow", lease=60, alone=True)
        attempts.start(open_transaction, slow, {})
        fast = engine.db.run(attempts.claim, [early.id], worker="fast", lease=60, alone=True)
        engine.db.run(attempts.start, fast, {})
        subscriptions.push(engine.db, browser, ["1"])
        assert (str(early.id), 2) in browser.updates(mine)
        assert (str(late.id), 2) not in browser.updates(mine)
        again = subscribed(engine, browser, cursor=browser.cursor(mine))
    subscriptions.push(engine.db, browser, ["1"])
    assert browser.updates(mine)[-1] == (str(late.id), 2)
    assert browser.updates(again) == [(str(late.id), 2)]


def test_without_a_cursor_live_and_just_finished_tasks_are_pushed(engine: Engine, browser: Browser) -> None:
    waiting, done = engine.submit("test.limited"), engine.submit()
    engine.run(done.id)
    mine = subscribed(engine, browser)
    assert browser.frames[mine][0]["type"] == "subscribed"
    newest = dict(browser.updates(mine))
    assert newest == {str(waiting.id): 1, str(done.id): 3}
    engine.move_clock(3600)
    engine.run(waiting.id)
    engine.move_clock(3600)
    assert browser.updates(subscribed(engine, browser)) == []


def test_a_ping_returns_the_missed_events_and_then_the_cursor(engine: Engine, browser: Browser) -> None:
    mine = subscribed(engine, browser)
    before = browser.cursor(mine)
    subscriptions.ping(engine.db, browser, mine)
    assert browser.frames[mine][-1] == {"type": "pong", "cursor": before}
    task = engine.submit()
    subscriptions.ping(engine.db, browser, mine)
    assert browser.updates(mine) == [(str(task.id), 1)]
    assert browser.frames[mine][-1]["cursor"] == browser.frames[mine][-2]["cursor"] != before


def test_every_frame_carries_the_cursor_to_go_on_from(engine: Engine, browser: Browser) -> None:
    """Cut after any frame, a client that resumes there gets exactly the rest."""
    start = browser.cursor(subscribed(engine, browser))
    for _ in range(3):
        engine.run(engine.submit().id)
    whole = subscribed(engine, browser, cursor=start)
    every = browser.updates(whole)
    assert len(every) == 9
    frames = [frame for frame in browser.frames[whole] if frame["type"] == "task-update"]
    seen = 0
    for frame in frames:
        seen += len(updates_in(frame))
        resumed = subscribed(engine, browser, cursor=frame["cursor"])
        assert browser.updates(resumed) == every[seen:]


def test_failing_deliveries_are_made_up_for_without_gap_or_disorder(engine: Engine, browser: Browser) -> None:
    mine = subscribed(engine, browser)
    browser.fails = random.Random(7)
    tasks = [engine.submit(payload={"do": "raise"}, max_attempts=1) for _ in range(5)]
    for task in tasks:
        engine.run(task.id)
        subscriptions.push(engine.db, browser, ["1"])
    browser.fails = None
    subscriptions.ping(engine.db, browser, mine)
    for task in tasks:
        assert [seq for task_id, seq in browser.updates(mine) if task_id == str(task.id)] == [1, 2, 3]


def test_more_than_a_page_arrives_whole(engine: Engine, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAGE", 7)
    mine = subscribed(engine, browser)
    tasks = [engine.submit() for _ in range(8)]
    for task in tasks:
        engine.run(task.id)
    subscriptions.push(engine.db, browser, ["1"])
    assert sorted(browser.updates(mine)) == sorted((str(t.id), seq) for t in tasks for seq in (1, 2, 3))
    assert browser.cursor(mine).count("/") == 0


def test_ten_tabs_of_one_owner_and_a_gone_one(engine: Engine, browser: Browser) -> None:
    tabs = [subscribed(engine, browser) for _ in range(10)]
    browser.gone.add(tabs[3])
    task = engine.submit()
    engine.run(task.id)
    subscriptions.push(engine.db, browser, ["1"])
    assert [len(browser.updates(tab)) for tab in tabs] == [3, 3, 3, 0, 3, 3, 3, 3, 3, 3]
    left = engine.db.connection().execute("SELECT count(*) AS n FROM socket_connections").fetchone()
    assert left is not None
    assert left["n"] == 9


def test_only_the_named_tasks_are_pushed(engine: Engine, browser: Browser) -> None:
    one, two = engine.submit(), engine.submit()
    foreign = engine.submit(owner="2")
    mine = opened(engine, browser)
    subscriptions.subscribe(engine.db, browser, mine, None, [two.id, foreign.id])
    engine.run(one.id, two.id, foreign.id)
    subscriptions.push(engine.db, browser, ["1", "2"])
    assert {task_id for task_id, _ in browser.updates(mine)} == {str(two.id)}


def test_a_large_result_is_left_out_with_a_flag(engine: Engine, browser: Browser) -> None:
    mine = subscribed(engine, browser)
    engine.run(engine.submit("test.noop", {"text": "é" * 100_000}).id)
    subscriptions.push(engine.db, browser, ["1"])
    last = browser.frames[mine][-1]["task"]
    assert last["resultTruncated"] is True
    assert "result" not in last


@pytest.mark.parametrize("cursor", ["", "x", "5:3:", "0:0:", "3:9:2", "1:99999999999999:", "1:1:/1:1:/zz/1", "9" * 40])
def test_a_cursor_of_another_server_is_refused(engine: Engine, browser: Browser, cursor: str) -> None:
    mine = opened(engine, browser)
    with pytest.raises(InvalidInput):
        subscriptions.subscribe(engine.db, browser, mine, cursor, None)


def test_a_session_that_ended_closes_its_socket(engine: Engine, browser: Browser) -> None:
    mine = opened(engine, browser)
    subscriptions.subscribe(engine.db, browser, mine, None, None)
    engine.move_clock(601)
    engine.submit()
    subscriptions.push(engine.db, browser, ["1"])
    assert browser.frames[mine][-1]["code"] == "session-ended"
    assert mine in browser.closed
    with pytest.raises(NotFound):
        subscriptions.ping(engine.db, browser, mine)


def test_steps_and_progress_are_seen_while_the_handler_runs(engine: Engine, browser: Browser) -> None:
    mine = subscribed(engine, browser)
    family = engine.submit("test.family", {"children": [{}]})
    engine.run(family.id)
    subscriptions.push(engine.db, browser, ["1"])
    events = [each["event"] for frame in browser.frames[mine] for each in updates_in(frame)]
    assert events[:4] == ["submitted", "started", "step", "waiting"]


def test_two_pushes_at_once_send_each_update_once(
    engine: Engine, browser: Browser, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second push leaves the connection to the first, which reads the events again before it ends its turn."""
    mine = subscribed(engine, browser)
    task = engine.submit()
    plain = browser.post

    def post_while_more_happens(connection_id: str, data: bytes) -> Delivery:
        if not engine.effects(task.id):
            engine.run(task.id)
            subscriptions.push(other, browser, ["1"])
        return plain(connection_id, data)

    monkeypatch.setattr(browser, "post", post_while_more_happens)
    subscriptions.push(engine.db, browser, ["1"])
    assert browser.updates(mine) == [(str(task.id), 1), (str(task.id), 2), (str(task.id), 3)]


def test_a_sender_that_died_is_replaced(engine: Engine, browser: Browser) -> None:
    from orchestrator.store import connections as store

    mine = subscribed(engine, browser)
    task = engine.submit()
    assert len(engine.db.run(store.take_turns, owners=["1"])) == 1
    subscriptions.push(engine.db, browser, ["1"])
    assert browser.updates(mine) == []
    engine.move_clock(11)
    subscriptions.push(engine.db, browser, ["1"])
    assert browser.updates(mine) == [(str(task.id), 1)]
