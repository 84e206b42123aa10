"""Nobody can block the erasure of an account; afterwards the API refuses the owner, except for the erasure's status."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from orchestrator.engine.agents import Agents
from orchestrator.entrypoints.websocket import answer
from orchestrator.http.app import Services
from orchestrator.http.operation import declared
from orchestrator.store.connection import Connection, Database
from orchestrator.testing import Ran
from tests.integration.conftest import RecordedSockets, signed_in
from tests.integration.playmate.conftest import MakeFamily, wait_for_a_lock
from tests.support.engine import Engine
from tests.support.gateway import Caller
from tests.support.postgres import connect_as

Run = Callable[..., Ran]

#: Every route of a user's, asked for as it should be; those left open touch nothing, or show whether it is done.
ENTRANCES: dict[tuple[str, str], Any] = {
    ("POST", "/api/tasks"): {"type": "echo"},
    ("POST", "/api/tasks/batch"): {"tasks": [{"type": "echo"}]},
    ("GET", "/api/tasks"): None,
    ("GET", "/api/tasks/inbox"): None,
    ("GET", "/api/tasks/<task_id>/events"): None,
    ("POST", "/api/tasks/<task_id>/cancel"): None,
    ("POST", "/api/tasks/<task_id>/signals/<name>"): {"value": 1},
    ("POST", "/api/realtime/ticket"): None,
    ("GET", "/api/schedules"): None,
    ("POST", "/api/schedules"): {"type": "echo", "every": 3600},
    ("PATCH", "/api/schedules/<schedule_id>"): {"paused": True},
    ("DELETE", "/api/schedules/<schedule_id>"): None,
    ("POST", "/api/friends/ask"): {"friendname": "Bruno"},
    ("POST", "/api/friends/setstate"): {"friendId": 7, "friendshipState": 1},
    ("POST", "/api/friends/delete"): {"friendId": 7},
    ("GET", "/api/friends/confirmed"): None,
    ("GET", "/api/friends/pending"): None,
    ("GET", "/api/friends/askingforme"): None,
    ("GET", "/api/kids/mykids"): None,
    ("POST", "/api/kids"): {"name": "Lina", "age": 6, "favoriteActivity": "chess"},
    ("DELETE", "/api/kids/<kid_id>"): None,
    ("GET", "/api/playdate-point/coordinates"): None,
    ("POST", "/api/playdate-point/coordinates"): {"playdate_latit": 1, "playdate_longi": 1},
    ("GET", "/api/playdate-point/recommendations"): None,
    ("GET", "/api/recommendations/leaderboard"): None,
    ("GET", "/api/availability"): None,
    ("GET", "/api/plan"): None,
    ("POST", "/api/plan"): None,
    ("PATCH", "/api/plan"): {"reachKm": 20},
    ("GET", "/api/tasks/asks"): None,
    ("GET", "/api/tasks/<task_id>/streams/<name>"): None,
    ("GET", "/api/tasks/<task_id>/tree"): None,
    ("GET", "/api/playdates"): None,
    ("POST", "/api/playdates"): {
        "title": "Chess",
        "activity": "chess",
        "locationName": "Home",
        "startTime": "2096-12-05T14:00:00Z",
        "endTime": "2096-12-05T15:00:00Z",
    },
    ("PATCH", "/api/playdates/<playdate_id>"): {"title": "Chess"},
    ("GET", "/api/playdates/host/<host_id>"): None,
    ("GET", "/api/playdates/<playdate_id>.ics"): None,
    ("POST", "/api/playdates/<playdate_id>/join"): {},
    ("POST", "/api/playdates/<playdate_id>/leave"): {},
    ("PATCH", "/api/playdates/<playdate_id>/participants/<participant_id>"): {"status": "approved"},
    ("GET", "/api/playdates/<playdate_id>/audit/<participant_id>"): None,
    ("PUT", "/api/availability"): {"timeZone": "UTC", "windows": []},
    ("DELETE", "/api/me"): None,
    ("POST", "/auth/renew"): None,
    ("POST", "/auth/password"): {"current": "x", "password": "seven green teapots"},
    ("POST", "/auth/logout-everywhere"): None,
}
LEFT_OPEN = {("GET", "/api/tasks/<task_id>")}


@pytest.fixture
def amira(family: MakeFamily) -> int:
    return family("Amira", [("Lina", 7, "chess")])


@pytest.fixture
def me(anyone: Caller, services: Services, amira: int) -> Caller:
    return signed_in(anyone, services, str(amira))


def ask(me: Caller) -> UUID:
    answer = me.send("DELETE", "/api/me")
    assert answer.status == 202, answer.text
    return UUID(answer.json()["taskId"])


def work(engine: Engine, task: UUID) -> None:
    engine.agents = engine.worker.agents = Agents("playmate.agents")
    engine.run(task)


def is_there(conn: Connection, guardian: int) -> bool:
    return conn.execute("SELECT 1 FROM guardians WHERE id = %s", (guardian,)).fetchone() is not None


class TestItCannotBeBlocked:
    def test_its_owner_cannot_cancel_it(self, me: Caller, engine: Engine, conn: Connection, amira: int) -> None:
        task = ask(me)
        refused = me.post(f"/api/tasks/{task}/cancel")
        assert (refused.status, refused.json()["message"]) == (409, "This cannot be called back.")
        work(engine, task)
        assert not is_there(conn, amira)

    def test_another_s_is_not_even_there(self, me: Caller, anyone: Caller, services: Services) -> None:
        task = ask(me)
        assert signed_in(anyone, services, "999").post(f"/api/tasks/{task}/cancel").status == 404

    @pytest.mark.parametrize("end", ["cancelled", "dead-letter", "failed"])
    def test_one_that_ended_without_success_is_followed_by_another(
        self, me: Caller, engine: Engine, conn: Connection, amira: int, end: str
    ) -> None:
        asked = []
        for _ in range(3):
            asked.append(ask(me))
            work_in_vain(conn, asked[-1], end)
        assert len(set(asked)) == 3
        last = ask(me)
        assert ask(me) == last, "one that is under way is not doubled"
        work(engine, last)
        assert not is_there(conn, amira)

    def test_two_requests_at_once_after_one_ended_share_one(
        self, me: Caller, services: Services, conn: Connection, database_url: str
    ) -> None:
        from dataclasses import replace

        from orchestrator.http.app import build_app
        from playmate import routes

        work_in_vain(conn, ask(me), "dead-letter")
        databases = [connect_as(database_url, "api") for _ in range(4)]
        callers = [
            Caller(build_app(replace(services, db=each), routes.ROUTERS), dict(me.headers)) for each in databases
        ]
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(ask, callers))) == 1
        for each in databases:
            each.close()

    def test_an_account_without_a_guardian_is_reported(
        self, anyone: Caller, services: Services, conn: Connection
    ) -> None:
        assert signed_in(anyone, services, "oidc:someone").send("DELETE", "/api/me").status == 403
        assert conn.execute("SELECT 1 FROM agent_tasks").fetchall() == []


def work_in_vain(conn: Connection, task: UUID, end: str) -> None:
    """The task ends as it may without having erased anything."""
    conn.execute("UPDATE agent_tasks SET status = 'processing', token = 1, leased_until = now() WHERE id = %s", (task,))
    conn.execute(
        "UPDATE agent_tasks SET status = %(end)s, token = NULL, leased_until = NULL, finished_at = now(), error = '{}',"
        " wake_at = died.at, dead_at = died.at"
        " FROM (SELECT CASE WHEN %(end)s = 'dead-letter' THEN now() END AS at) AS died WHERE id = %(id)s",
        {"end": end, "id": task},
    )


class TestTheForgotten:
    def test_every_entrance_is_on_the_list(self, anyone: Caller) -> None:
        users = {
            (route.method, route.path)
            for route in anyone.app.routes()
            if (promise := declared(route.func)) and promise.access in ("user", "answer")
        }
        assert users == set(ENTRANCES) | LEFT_OPEN

    def test_find_it_closed(self, me: Caller, run: Run, conn: Connection, amira: int) -> None:
        run("account.forget", owner=amira)
        for (method, path), data in ENTRANCES.items():
            answer = me.send(
                method,
                re.sub(r"<\w+>", "1", re.sub(r"<(task|schedule)_id>", str(uuid4()), path)),
                data=data,
            )
            assert (answer.status, answer.json()["message"]) == (401, "This account no longer exists."), path
        left = conn.execute("SELECT type FROM agent_tasks WHERE owner_id = %s", (str(amira),)).fetchall()
        assert left == [{"type": "account.forget"}]
        assert conn.execute("SELECT 1 FROM socket_tickets").fetchall() == []

    def test_operator_routes_too(self, anyone: Caller, services: Services, run: Run, amira: int) -> None:
        boss = signed_in(anyone, services, str(amira), "operator")
        assert boss.get("/ops/tasks").status == 200
        run("account.forget", owner=amira)
        assert boss.get("/ops/tasks").status == 401

    def test_may_ask_whether_it_is_done(self, me: Caller, engine: Engine) -> None:
        task = ask(me)
        work(engine, task)
        assert me.get(f"/api/tasks/{task}").json()["status"] == "completed"

    def test_open_no_socket_with_a_ticket_of_before(
        self, me: Caller, run: Run, conn: Connection, amira: int, database_url: str
    ) -> None:
        ticket = me.post("/api/realtime/ticket").json()["ticket"]
        kept = conn.execute("SELECT * FROM socket_tickets").fetchone()
        assert kept is not None
        run("account.forget", owner=amira)
        conn.execute(
            "INSERT INTO socket_tickets VALUES (%(hash)s, %(owner_id)s, %(expires_at)s, %(token_expires_at)s)", kept
        )
        sockets = connect_as(database_url, "websocket")
        request = {"connectionId": "c1", "routeKey": "$connect", "eventType": "CONNECT"}
        event = {"requestContext": request, "queryStringParameters": {"ticket": ticket}}
        assert answer(event, sockets, RecordedSockets())["statusCode"] == 401
        sockets.close()

    def test_another_is_let_in_as_ever(self, anyone: Caller, services: Services, run: Run, family: MakeFamily) -> None:
        stays, goes = family("Bruno"), family("Chloe")
        run("account.forget", owner=goes)
        assert signed_in(anyone, services, str(stays)).post("/api/tasks", {"type": "echo"}).status == 202

    def test_a_task_submitted_at_that_moment_is_erased_or_refused(
        self, me: Caller, run: Run, conn: Connection, amira: int, api_db: Database
    ) -> None:
        """The erasure waits for the end of an admitted request before it reads the rows to erase."""
        from orchestrator.store import row_security

        with (
            ThreadPoolExecutor(1) as other,
            api_db.row_context(row_security.caller(str(amira))),
            api_db.transaction() as request,
        ):
            erasure = other.submit(run, "account.forget", owner=amira)
            wait_for_a_lock(conn)
            request.execute(
                "INSERT INTO agent_tasks (id, owner_id, type, payload, max_attempts, due_at, wake_at)"
                " VALUES (gen_random_uuid(), %s, 'echo', '{\"secret\": 1}', 3, now(), now())",
                (str(amira),),
            )
        assert erasure.result().status == "completed"
        assert conn.execute("SELECT 1 FROM agent_tasks WHERE type = 'echo'").fetchall() == []
