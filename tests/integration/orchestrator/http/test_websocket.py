from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO

import pytest

from orchestrator.engine.live.subscriptions import push
from orchestrator.model.errors import Unavailable
from orchestrator.store.connection import Database
from tests.integration.conftest import RecordedSockets
from tests.support.gateway import Caller
from tests.support.postgres import connect_as
from tests.support.socket_client import Client, ticket


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """The database as the WebSocket function sees it."""
    database = connect_as(database_url, "websocket")
    yield database
    database.close()


@pytest.fixture
def client(db: Database, sockets: RecordedSockets, ann: Caller) -> Client:
    joined = Client(db, sockets)
    assert joined.connect(ticket(ann)) == 200
    return joined


def submit(caller: Caller) -> str:
    return str(caller.post("/api/tasks", {"type": "echo"}).json()["id"])


class TestConnect:
    def test_a_ticket_is_good_once(self, db: Database, sockets: RecordedSockets, ann: Caller) -> None:
        once = ticket(ann)
        assert Client(db, sockets, "c1").connect(once) == 200
        assert Client(db, sockets, "c2").connect(once) == 401

    @pytest.mark.parametrize("bad", ["", "x", "x" * 5_000, "é", "a\0b", None, 5])
    def test_invalid_tickets(self, db: Database, sockets: RecordedSockets, bad: object) -> None:
        assert Client(db, sockets).connect(bad) == 401

    def test_a_ticket_is_not_refused_for_our_own_trouble(
        self, db: Database, sockets: RecordedSockets, ann: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object) -> None:
            raise Unavailable("The database cannot be reached.")

        once = ticket(ann)
        with monkeypatch.context() as outage:
            outage.setattr("orchestrator.entrypoints.websocket.subscriptions.connect", away)
            assert Client(db, sockets).connect(once) == 503
        assert Client(db, sockets).connect(once) == 200

    def test_no_ticket_at_all(self, db: Database, sockets: RecordedSockets) -> None:
        assert Client(db, sockets).event("$connect") == 401
        assert Client(db, sockets).event("$connect", queryStringParameters=None) == 401


class TestFrames:
    def test_subscribe_then_hear_of_a_task(self, client: Client, ann: Caller, ben: Caller) -> None:
        (subscribed,) = client.say({"action": "subscribe"})
        assert subscribed["type"] == "subscribed"
        task = submit(ann)
        submit(ben)
        push(client.db, client.sockets, ["1", "2"])
        (to, data) = client.sockets.frames[-1]
        frame = json.loads(data)
        assert (to, frame["type"], frame["task"]["id"]) == ("c1", "task-update", task)
        assert client.say({"action": "ping"}) == [{"type": "pong", "cursor": frame["cursor"]}]

    def test_missed_events_come_after_the_cursor(
        self, client: Client, ann: Caller, db: Database, sockets: RecordedSockets
    ) -> None:
        (subscribed,) = client.say({"action": "subscribe"})
        client.event("$disconnect")
        task = submit(ann)
        again = Client(db, sockets, "c2")
        again.connect(ticket(ann))
        frames = again.say({"action": "subscribe", "cursor": subscribed["cursor"]})
        assert [frame["type"] for frame in frames] == ["subscribed", "task-update"]
        assert frames[1]["task"]["id"] == task

    def test_only_the_tasks_that_were_named(self, client: Client, ann: Caller) -> None:
        first, second = submit(ann), submit(ann)
        frames = client.say({"action": "subscribe", "taskIds": [second]})
        assert {frame["task"]["id"] for frame in frames if frame["type"] == "task-update"} == {second}
        assert first not in str(frames)

    def test_unsubscribed_hears_nothing(self, client: Client, ann: Caller) -> None:
        client.say({"action": "subscribe"})
        assert client.say({"action": "unsubscribe"}) == []
        before = len(client.sockets.frames)
        submit(ann)
        push(client.db, client.sockets, ["1"])
        assert len(client.sockets.frames) == before

    @pytest.mark.parametrize(
        "frame",
        [
            None,
            "",
            "not json",
            "[]",
            "null",
            "[" * 5_000,
            "x" * 40_000,
            {},
            {"action": 5},
            {"action": "shout"},
            {"action": "SUBSCRIBE"},
            {"action": "subscribe", "cursor": 5},
            {"action": "subscribe", "cursor": "nonsense"},
            {"action": "subscribe", "cursor": "a\0b"},
            {"action": "subscribe", "cursor": "x" * 5_000},
            {"action": "subscribe", "cursor": "\ud800"},
            {"action": "subscribe", "cursor": "99999999999999999999:99999999999999999999:"},
            {"action": "subscribe", "taskIds": "all"},
            {"action": "subscribe", "taskIds": ["x"]},
            {"action": "subscribe", "taskIds": [None]},
            {"action": "subscribe", "taskIds": ["0" * 32] * 101},
        ],
        ids=lambda frame: str(frame)[:50].encode("ascii", "backslashreplace").decode(),
    )
    def test_garbage_is_answered_with_a_message(self, client: Client, frame: object) -> None:
        (error,) = client.say(frame)
        assert error["type"] == "error"
        assert error["message"]
        assert "our side" not in error["message"]

    def test_a_connection_without_a_row_is_asked_to_connect_again(self, db: Database, sockets: RecordedSockets) -> None:
        (error,) = Client(db, sockets, "stranger").say({"action": "ping"})
        assert error["type"] == "error"

    def test_an_internal_error_leaks_nothing(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, logged: StringIO
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("password=hunter2")

        monkeypatch.setattr("orchestrator.entrypoints.websocket.subscriptions.ping", fail)
        (error,) = client.say({"action": "ping"})
        assert error["type"] == "error"
        assert "hunter2" not in str(error)
        (line,) = [text for text in logged.getvalue().splitlines() if "frame not handled" in text]
        assert "hunter2" not in line
        assert "RuntimeError" in line
        assert "fingerprint" in line


def test_disconnect_is_forgotten(client: Client) -> None:
    assert client.event("$disconnect") == 200
    assert client.event("$disconnect") == 200
    (error,) = client.say({"action": "ping"})
    assert error["type"] == "error"
