"""Sessions that a guardian renews and ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import jwt
import pytest

from orchestrator.aws import secrets as secrets_module
from orchestrator.http.app import Services
from orchestrator.model.session import LONGEST_SESSION, Session
from orchestrator.store import sessions
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.testing import Ran
from tests.integration.conftest import ORIGIN, RecordedSockets, signed_in
from tests.support.gateway import Answer, Caller
from tests.support.postgres import connect_as
from tests.support.socket_client import Client, ticket

PASSWORD, NEW = "correct horse battery", "seven green teapots"
ADDRESSES = count()


@dataclass
class Device:
    """A signed-in client."""

    caller: Caller
    token: str

    @classmethod
    def of(cls, anyone: Caller, answer: Answer) -> Device:
        token = answer.json()["accessToken"]
        return cls(Caller(anyone.app, {"Authorization": f"Bearer {token}"}), token)

    def works(self) -> bool:
        return {200: True, 401: False}[self.caller.get("/api/kids/mykids").status]


def sign_in(anyone: Caller, password: str = PASSWORD, name: str = "Amira") -> Answer:
    return anyone.post("/auth/login", {"identifier": name, "password": password})


@pytest.fixture
def phone(anyone: Caller) -> Device:
    """Signed up there."""
    body = {"name": "Amira", "email": f"amira-{next(ADDRESSES)}@example.com", "password": PASSWORD}
    answer = anyone.post("/auth/signup", body)
    assert answer.status == 201, answer.text
    return Device.of(anyone, answer)


@pytest.fixture
def laptop(anyone: Caller, phone: Device) -> Device:
    return Device.of(anyone, sign_in(anyone))


def renewed(anyone: Caller, device: Device) -> Device:
    answer = device.caller.post("/auth/renew")
    assert answer.status == 200, answer.text
    return Device.of(anyone, answer)


class TestRenewing:
    def test_gives_a_fresh_token_of_the_same_session(self, anyone: Caller, phone: Device) -> None:
        answer = phone.caller.post("/auth/renew")
        body = answer.json()
        assert (body["status"], body["data"][0]["name"], body["expiresIn"]) == ("success", "Amira", 1_200)
        assert answer.cookies[0].startswith("SessionID=")
        fresh = Device.of(anyone, answer)
        assert fresh.token != phone.token
        assert fresh.works()
        assert fresh.caller.get("/auth/logout").status == 200
        assert not phone.works(), "one session over both tokens"

    def test_works_by_cookie_from_an_allowed_page_only(self, anyone: Caller, phone: Device) -> None:
        cookie = [f"SessionID={phone.token}"]
        assert anyone.post("/auth/renew", cookies=cookie, headers={"Origin": ORIGIN}).status == 200
        assert anyone.post("/auth/renew", cookies=cookie).status == 403

    @pytest.mark.parametrize("end", ["logout", "logout-everywhere", "password"])
    def test_is_refused_after_the_session_ended(self, phone: Device, laptop: Device, end: str) -> None:
        if end == "logout":
            phone.caller.get("/auth/logout")
        elif end == "password":
            laptop.caller.post("/auth/password", {"current": PASSWORD, "password": NEW})
        else:
            laptop.caller.post("/auth/logout-everywhere")
        assert phone.caller.post("/auth/renew").status == 401

    def test_ends_twelve_hours_after_the_sign_in(
        self, anyone: Caller, services: Services, phone: Device, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owner = jwt.decode(phone.token, options={"verify_signature": False})["sub"]

        def renew(age: float) -> Answer:
            session = Session(began_at=time.time() - age)
            token, _ = services.tokens.issue(owner, "Amira", None, session)
            return anyone.post("/auth/renew", headers={"Authorization": f"Bearer {token}"})

        last = renew(LONGEST_SESSION - 100)
        assert last.status == 200
        assert 90 <= last.json()["expiresIn"] <= 100, "a token never outlives its session"
        assert renew(LONGEST_SESSION + 1).status == 401

    def test_is_refused_for_a_token_of_a_revoked_key(
        self, phone: Device, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A container remembers the keys for a while and still accepts the token elsewhere."""
        known = services.tokens._secrets._known["arn"]
        known.latest_until = 0.0
        monkeypatch.setattr(secrets_module, "_read", lambda _: {"current": "n", "n": "B" * 64})
        assert phone.works()
        assert phone.caller.post("/auth/renew").status == 401

    def test_takes_the_role_of_today(self, anyone: Caller, phone: Device, conn: Connection) -> None:
        conn.execute("UPDATE guardians SET role = 'operator' WHERE name = 'Amira'")
        assert renewed(anyone, phone).caller.get("/ops/tasks").status == 200
        conn.execute("UPDATE guardians SET role = 'guardian' WHERE name = 'Amira'")
        assert renewed(anyone, phone).caller.get("/ops/tasks").status == 403

    def test_is_for_accounts_here(self, anyone: Caller, services: Services) -> None:
        assert signed_in(anyone, services, "oidc:someone").post("/auth/renew").status == 403


class TestSigningOut:
    def test_refuses_the_token_on_every_route(self, phone: Device, laptop: Device) -> None:
        task = phone.caller.post("/api/tasks", {"type": "echo"}).json()["id"]
        assert phone.caller.get("/auth/logout").status == 200
        refused = phone.caller.post("/api/realtime/ticket")
        assert (refused.status, refused.json()["message"]) == (401, "Your session has ended. Please sign in again.")
        for path in ("/api/tasks", f"/api/tasks/{task}", "/api/kids/mykids"):
            assert phone.caller.get(path).status == 401, path
        assert phone.caller.post("/api/tasks", {"type": "echo"}).status == 401
        assert laptop.works()

    def test_needs_no_session(self, anyone: Caller, phone: Device) -> None:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eA=="}):
            answer = anyone.get("/auth/logout", headers=headers)
            assert answer.status == 200
            assert "Max-Age=0" in answer.cookies[0]
        phone.caller.get("/auth/logout")
        assert phone.caller.get("/auth/logout").status == 200

    def test_a_signed_out_operator_is_refused(self, anyone: Caller, phone: Device, conn: Connection) -> None:
        conn.execute("UPDATE guardians SET role = 'operator' WHERE name = 'Amira'")
        operator = renewed(anyone, phone)
        assert operator.caller.get("/ops/tasks").status == 200
        operator.caller.get("/auth/logout")
        assert operator.caller.get("/ops/tasks").status == 401


class TestSigningOutEverywhere:
    def test_ends_sessions_tickets_and_sockets_of_the_caller_alone(
        self, anyone: Caller, phone: Device, laptop: Device, database_url: str, services: Services
    ) -> None:
        sockets = RecordedSockets()
        socket_db: Database = connect_as(database_url, "websocket")
        client, unspent = Client(socket_db, sockets, "one"), ticket(phone.caller)
        assert client.connect(ticket(phone.caller)) == 200
        other = signed_in(anyone, services, "999")
        kept = ticket(other)
        assert laptop.caller.post("/auth/logout-everywhere").status == 200
        assert not phone.works()
        assert not laptop.works()
        assert client.say({"action": "ping"})[0]["code"] == "session-ended"
        assert Client(socket_db, sockets, "two").connect(unspent) == 401
        assert Client(socket_db, sockets, "three").connect(kept) == 200
        assert Device.of(anyone, sign_in(anyone)).works(), "a later sign-in is a new session"
        socket_db.close()

    def test_works_again_and_again(self, anyone: Caller, phone: Device) -> None:
        device = phone
        for _ in range(3):
            assert device.caller.post("/auth/logout-everywhere").status == 200
            assert not device.works()
            device = Device.of(anyone, sign_in(anyone))
            assert device.works()

    def test_a_request_under_way_ends_first(
        self, phone: Device, api_db: Database, database_url: str, conn: Connection
    ) -> None:
        """A ticket that is being issued cannot survive the end of its session."""
        from concurrent.futures import ThreadPoolExecutor

        from orchestrator.store import row_security
        from tests.integration.playmate.conftest import wait_for_a_lock

        owner = jwt.decode(phone.token, options={"verify_signature": False})["sub"]
        with ThreadPoolExecutor(1) as other, connect(database_url) as watching:
            with api_db.row_context(row_security.caller(owner)), api_db.transaction() as request:
                request.execute(
                    "INSERT INTO socket_tickets (hash, owner_id, session, expires_at, token_expires_at)"
                    " VALUES ('x', %s, 's', now() + interval '1 minute', now() + interval '1 hour')",
                    (owner,),
                )
                ended = other.submit(sessions.end_all, conn, owner)
                wait_for_a_lock(watching)
            ended.result(30)
        assert conn.execute("SELECT FROM socket_tickets").fetchall() == []


class TestANewPassword:
    def test_signs_in_and_ends_all_other_sessions(self, anyone: Caller, phone: Device, laptop: Device) -> None:
        answer = laptop.caller.post("/auth/password", {"current": PASSWORD, "password": NEW})
        assert answer.status == 200, answer.text
        assert Device.of(anyone, answer).works()
        assert not phone.works()
        assert not laptop.works()
        assert (sign_in(anyone).status, sign_in(anyone, NEW).status) == (401, 200)

    def test_needs_the_current_one(self, anyone: Caller, phone: Device) -> None:
        refused = phone.caller.post("/auth/password", {"current": "a guess", "password": NEW})
        assert (refused.status, refused.json()["faults"][0]["field"]) == (400, "current")
        assert phone.works()
        assert sign_in(anyone).status == 200

    @pytest.mark.parametrize("weak", ["short", "password1", "amira2024!", ""])
    def test_must_be_strong(self, phone: Device, weak: str) -> None:
        refused = phone.caller.post("/auth/password", {"current": PASSWORD, "password": weak})
        assert (refused.status, refused.json()["faults"][0]["field"]) == (400, "password")
        assert phone.works()

    def test_guesses_at_the_current_one_are_limited(self, phone: Device, api_db: Database) -> None:
        api_db.connection().execute("SELECT set_config('orchestrator.now', now()::text, false)")
        statuses = [
            phone.caller.post("/auth/password", {"current": "a guess", "password": NEW}).status for _ in range(12)
        ]
        assert 429 in statuses

    def test_two_changes_at_once_are_one(self, phone: Device, monkeypatch: pytest.MonkeyPatch) -> None:
        from playmate.store import accounts

        change = accounts.change_password

        def late(conn: Connection, *given: object) -> bool:
            conn.execute("UPDATE credentials SET password_hash = 'another' WHERE guardian_id = %s", (given[0],))
            return change(conn, *given)  # type: ignore[arg-type] # the same arguments

        monkeypatch.setattr(accounts, "change_password", late)
        assert phone.caller.post("/auth/password", {"current": PASSWORD, "password": NEW}).status == 409
        assert phone.works(), "nothing was ended"


def test_an_erasure_forgets_ended_sessions(
    phone: Device, laptop: Device, run: Callable[..., Ran], conn: Connection
) -> None:
    owner = jwt.decode(phone.token, options={"verify_signature": False})["sub"]
    phone.caller.get("/auth/logout")
    laptop.caller.post("/auth/logout-everywhere")
    run("account.forget", owner=int(owner))
    for table in ("ended_sessions", "session_generations"):
        assert conn.execute(f"SELECT FROM {table}").fetchall() == []


def test_a_password_with_an_outer_space_is_reported(anyone: Caller, phone: Device) -> None:
    plain, remark = "Name or password is wrong.", "The password that you typed begins or ends with a space."
    assert sign_in(anyone, "wrong").json()["message"] == plain
    for name in ("Amira", "nobody"):
        assert sign_in(anyone, PASSWORD + " ", name).json()["message"] == f"{plain} {remark}"
    spaced = phone.caller.post("/auth/password", {"current": PASSWORD, "password": f" {NEW}"})
    assert spaced.status == 200
    assert (sign_in(anyone, NEW).status, sign_in(anyone, f" {NEW}").status) == (401, 200), "as it was typed"


def test_a_password_is_the_same_in_another_normal_form(anyone: Caller) -> None:
    body = {"name": "Jürgen", "email": "juergen@example.com", "password": "Gru\u0308n 8 Ha\u0308user"}
    assert anyone.post("/auth/signup", body).status == 201
    assert sign_in(anyone, "Grün 8 Häuser", "Jürgen").status == 200
