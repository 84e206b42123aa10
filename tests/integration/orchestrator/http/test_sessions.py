"""A session ends when somebody says so: with the keys it was signed by, or with the token that signs out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from orchestrator.engine.live import subscriptions
from orchestrator.engine.live.subscriptions import MOST_CONNECTIONS, REVOCATION_TAKES, close_expired, push
from orchestrator.http.app import Services, build_app
from orchestrator.http.routes import ROUTERS
from orchestrator.store import connections as store
from orchestrator.store.connection import Connection, Database
from playmate import routes
from tests.integration.conftest import RecordedSockets, signed_in
from tests.support.gateway import Caller
from tests.support.postgres import connect_as
from tests.support.socket_client import Client, ticket


@pytest.fixture
def anyone(services: Services) -> Caller:
    """Of an API whose operators can rotate keys; the keys themselves are another test's."""
    rotating = replace(services, rotate_keys=lambda _: "next")
    return Caller(build_app(rotating, (*ROUTERS, *routes.ROUTERS)))


@contextmanager
def opened(url: str, part: str) -> Iterator[Database]:
    database = connect_as(url, part)
    yield database
    database.close()


@pytest.fixture
def socket_db(database_url: str) -> Iterator[Database]:
    with opened(database_url, "websocket") as database:
        yield database


def move_clock(*databases: Database, seconds: float) -> None:
    for database in databases:
        database.connection().execute(
            "SELECT set_config('orchestrator.now', (now() + make_interval(secs => %s))::text, false)", (seconds,)
        )


def connected(caller: Caller, socket_db: Database, sockets: RecordedSockets, name: str) -> Client:
    client = Client(socket_db, sockets, name)
    assert client.connect(ticket(caller)) == 200
    assert client.say({"action": "subscribe"})[0]["type"] == "subscribed"
    return client


def has_ended(client: Client) -> bool:
    (frame,) = client.say({"action": "ping"})[-1:]
    return frame.get("type") == "error"


def test_a_revocation_ends_the_sockets_and_tickets_of_before(
    anyone: Caller, services: Services, operator: Caller, socket_db: Database, sockets: RecordedSockets
) -> None:
    """A thief of a token, or of the key, may have opened them with it."""
    thief = signed_in(anyone, services, "1")
    unspent, listening = ticket(thief), connected(thief, socket_db, sockets, "listening")
    assert operator.post("/ops/secrets/jwt/rotate", {"revoke": True}).status == 200
    assert Client(socket_db, sockets, "late").connect(unspent) == 401
    assert listening.say({"action": "ping"})[0]["code"] == "session-ended"
    assert sockets.closed == ["listening"]


def test_a_planned_rotation_ends_nobody_s(
    anyone: Caller, services: Services, operator: Caller, socket_db: Database, sockets: RecordedSockets
) -> None:
    ann = signed_in(anyone, services, "1")
    unspent, listening = ticket(ann), connected(ann, socket_db, sockets, "listening")
    assert operator.post("/ops/secrets/jwt/rotate", {}).status == 200
    assert not has_ended(listening)
    assert Client(socket_db, sockets, "another").connect(unspent) == 200


@pytest.mark.parametrize("part", ["push", "sweeper"])
def test_a_connection_without_pings_gets_nothing_more_and_is_closed(
    ann: Caller, operator: Caller, database_url: str, socket_db: Database, sockets: RecordedSockets, part: str
) -> None:
    connected(ann, socket_db, sockets, "silent")
    operator.post("/ops/secrets/jwt/rotate", {"revoke": True})
    ann.post("/api/tasks", {"type": "echo"})
    before = len(sockets.frames)
    with opened(database_url, part) as database:
        if part == "push":
            push(database, sockets, ["1"])
        else:
            assert close_expired(database, sockets) == 1
    assert [json.loads(frame)["code"] for _, frame in sockets.frames[before:]] == ["session-ended"]
    assert sockets.closed == ["silent"]


def test_a_token_of_before_opens_no_socket_while_a_container_may_still_take_it(
    ann: Caller, operator: Caller, api_db: Database, socket_db: Database, sockets: RecordedSockets
) -> None:
    """A container remembers the keys for 45 s: until then it takes the stolen token, and would give it a ticket."""
    move_clock(api_db, socket_db, seconds=0)
    operator.post("/ops/secrets/jwt/rotate", {"revoke": True})
    refused = ann.post("/api/realtime/ticket")
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    move_clock(api_db, socket_db, seconds=REVOCATION_TAKES + 1)
    assert Client(socket_db, sockets, "anew").connect(ticket(ann)) == 200


def test_a_ticket_that_was_being_made_meanwhile_opens_nothing(
    operator: Caller, conn: Connection, socket_db: Database, sockets: RecordedSockets
) -> None:
    operator.post("/ops/secrets/jwt/rotate", {"revoke": True})
    assert store.insert_ticket(conn, "1", subscriptions._hash("in flight"), 60, 4_000_000_000, doubt=0.0)
    assert Client(socket_db, sockets).connect("in flight") == 401


def test_signing_out_ends_the_connections_of_that_token_and_no_others(
    anyone: Caller, services: Services, socket_db: Database, sockets: RecordedSockets
) -> None:
    phone, laptop, ben = (signed_in(anyone, services, owner) for owner in ("1", "1", "2"))
    unspent = ticket(phone)
    clients = {
        name: connected(caller, socket_db, sockets, name)
        for name, caller in (("phone", phone), ("laptop", laptop), ("ben", ben))
    }
    assert phone.get("/auth/logout").status == 200
    assert {name: has_ended(client) for name, client in clients.items()} == {
        "phone": True,
        "laptop": False,
        "ben": False,
    }
    assert Client(socket_db, sockets, "late").connect(unspent) == 401


def test_tokens_without_an_id_are_one_session_of_their_owner(
    api_db: Database, conn: Connection, socket_db: Database, sockets: RecordedSockets
) -> None:
    """An outside issuer need not give one."""
    for owner in ("oidc:1", "oidc:2"):
        assert store.insert_ticket(conn, owner, subscriptions._hash(owner), 60, 4_000_000_000)
    subscriptions.end_session(Database(lambda: conn), "oidc:1", None)
    assert Client(socket_db, sockets, "one").connect("oidc:1") == 401
    assert Client(socket_db, sockets, "two").connect("oidc:2") == 200


def test_an_owner_s_oldest_socket_gives_way_when_there_are_too_many(
    ann: Caller, ben: Caller, socket_db: Database, sockets: RecordedSockets
) -> None:
    """Else an owner with thousands delays the pushes to everybody."""
    other = connected(ben, socket_db, sockets, "ben")
    clients = []
    for number in range(MOST_CONNECTIONS + 2):
        move_clock(socket_db, seconds=number)
        clients.append(Client(socket_db, sockets, f"c{number}"))
        assert clients[-1].connect(ticket(ann)) == 200
    pushed = [(to, json.loads(frame)["code"]) for to, frame in sockets.frames if to.startswith("c")]
    assert pushed == [("c0", "crowded-out"), ("c1", "crowded-out")]
    assert sockets.closed == ["c0", "c1"]
    assert [has_ended(client) for client in (*clients[:3], clients[-1], other)] == [True, True, False, False, False]
