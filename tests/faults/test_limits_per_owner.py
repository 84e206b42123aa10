"""One sender at a time may send to a socket, and no sender overwrites a newer subscription."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.store import connections
from orchestrator.store.connection import Connection, connect
from orchestrator.store.connections import OpenedConnection


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    """With one open connection, `one`, subscribed from the cursor 5:5: and its turn taken by the subscriber."""
    connection = connect(database_url)
    connections.insert_ticket(connection, "1", b"ticket", 60, 4_000_000_000)
    opened = connections.open_connection(connection, b"ticket", "one")
    assert opened == OpenedConnection(owner_id="1", crowded_out=[])
    assert connections.begin_subscription(connection, "one", "5:5:", None)
    yield connection
    connection.close()


def subscriber(conn: Connection) -> connections.Socket:
    found = connections.get_connection(conn, "one")
    assert found is not None
    return found


def test_a_push_function_asked_to_read_again_keeps_its_turn(conn: Connection) -> None:
    sender = subscriber(conn)
    assert connections.take_turns(conn, owners=["1"]) == []
    assert connections.end_turns(conn, [(sender, "6:6:", True)]) == {"one"}
    assert connections.take_turns(conn, owners=["1"]) == []
    assert connections.end_turns(conn, [(subscriber(conn), "7:7:", True)]) == {"one"}
    assert connections.end_turns(conn, [(subscriber(conn), "8:8:", True)]) == set()
    assert [socket.cursor for socket in connections.take_turns(conn, owners=["1"])] == ["8:8:"]


def test_a_sender_that_has_not_sent_all_keeps_its_turn(conn: Connection) -> None:
    assert connections.end_turns(conn, [(subscriber(conn), "6:6:", False)]) == {"one"}
    assert connections.take_turns(conn, ids=["one"]) == []


def test_a_newer_subscription_stands_against_a_sender_of_the_older(conn: Connection) -> None:
    slow = subscriber(conn)
    assert connections.begin_subscription(conn, "one", "3:3:", None)
    assert connections.end_turns(conn, [(slow, "9:9:", True)]) == set()
    assert subscriber(conn).cursor == "3:3:"
    assert connections.take_turns(conn, owners=["1"]) == [], "the newer one has its own sender"
