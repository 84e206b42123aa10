"""Hostile requests to every route: none is served, none causes an error, none shows another owner's data."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from orchestrator.http.app import Services
from orchestrator.store import tasks
from orchestrator.store.connection import Connection, Database
from playmate import demo
from tests.support.gateway import Caller

INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE agent_tasks; --",
    "1); DELETE FROM agent_tasks; --",
    "%(owner_id)s",
    "{owner}",
    "$1",
    '"; SELECT pg_sleep(9); --',
    "\\'; --",
    "admin'/*",
    "\uff0527",
)
HEADERS = (
    "x\r\nSet-Cookie: SessionID=evil",
    "x\nLocation: https://evil.example",
    "x\x00y",
    "x" * 20_000,
    "https://evil.example",
    "null",
)


@pytest.fixture
def families(db: Database) -> dict[str, str]:
    """Owner ids of the demonstration families, by name."""
    demo.seed(db.connection(), "a password of many words")
    rows = db.connection().execute("SELECT name, id FROM guardians").fetchall()
    return {row["name"]: str(row["id"]) for row in rows}


def caller(anyone: Caller, services: Services, owner: str, role: str | None = None) -> Caller:
    return Caller(anyone.app, {"Authorization": f"Bearer {services.tokens.issue(owner, 'x', role)[0]}"})


def rows_of(conn: Connection) -> dict[str, int]:
    counted = conn.execute(
        "SELECT (SELECT count(*) FROM guardians) AS guardians, (SELECT count(*) FROM agent_tasks) AS tasks"
    ).fetchone()
    assert counted is not None
    return counted


@pytest.mark.parametrize("attack", INJECTIONS)
def test_sql_in_a_query_or_path_selects_nothing_and_breaks_nothing(
    anyone: Caller, services: Services, families: dict[str, str], conn: Connection, attack: str
) -> None:
    me = caller(anyone, services, families["Amira"])
    boss = caller(anyone, services, families["operator"], "operator")
    me.post("/api/tasks", {"type": "echo"})
    before, text = rows_of(conn), quote(attack, safe="")
    for name in ("type", "status", "cursor", "limit"):
        answer = me.get(f"/api/tasks?{name}={text}")
        assert answer.status == 400 or answer.json()["items"] == []
    for name in (
        "owner",
        "type",
        "status",
        "cursor",
        "limit",
        "state",
        "order",
        "trace",
        "fingerprint",
        "since",
        "until",
    ):
        answer = boss.get(f"/ops/tasks?{name}={text}")
        assert answer.status == 400 or answer.json()["items"] == []
    for name in ("type", "fingerprint"):
        answer = boss.get(f"/ops/dead-letters?{name}={text}")
        assert answer.status == 400 or answer.json()["items"] == []
    for path in ("/api/tasks/", "/api/kids/", "/ops/tasks/", "/ops/redrives/"):
        assert me.get(path + text).status in (403, 404, 405)
    usual = me.get("/api/recommendations/leaderboard").json()
    assert me.get(f"/api/recommendations/leaderboard?sort={text}").json() == usual, "an unknown order is the usual one"
    assert rows_of(conn) == before


@pytest.mark.parametrize("attack", INJECTIONS)
def test_sql_in_a_body_is_kept_as_text_or_refused(
    anyone: Caller, services: Services, families: dict[str, str], conn: Connection, attack: str
) -> None:
    me = caller(anyone, services, families["Amira"])
    before = rows_of(conn)
    assert anyone.post("/auth/login", {"identifier": attack, "password": attack}).status == 401
    signup = {"name": attack, "email": f"{attack}@example.com", "password": "many words in a row"}
    assert anyone.post("/auth/signup", signup).status in (201, 400)
    added = me.post("/api/kids", {"name": attack, "age": 5, "favoriteActivity": attack})
    if added.status == 201:
        assert attack in [kid["name"] for kid in me.get("/api/kids/mykids").json()]
    renewals = rows_of(conn)["tasks"] - before["tasks"]
    assert renewals == int(added.status == 201), "only a new kid submits one, the renewal of its family"
    before["tasks"] += renewals
    echoed = me.post("/api/tasks", {"type": "echo", "payload": {"text": attack}})
    task = conn.execute("SELECT payload FROM agent_tasks WHERE id = %s", (echoed.json()["id"],)).fetchone()
    assert task is not None
    assert attack in json.dumps(task["payload"], ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\")
    after = rows_of(conn)
    assert after["tasks"] == before["tasks"] + 1
    assert after["guardians"] - before["guardians"] in (0, 1)


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "traceparent", "Origin", "Authorization", "Cookie", "X-Forwarded-For", "Host"]
)
def test_a_header_comes_back_in_no_header(ann: Caller, name: str) -> None:
    for value in HEADERS:
        answer = ann.post("/api/tasks", {"type": "echo"}, headers={name: value})
        assert answer.status in (202, 400, 401, 403)
        for header in (*answer.headers.values(), *answer.cookies):
            assert "\n" not in header
            assert "evil" not in header
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/tasks", {"type": "echo", "owner": "2"}),
        ("/api/tasks", {"type": "echo", "status": "completed"}),
        ("/api/tasks", {"type": "echo", "id": "377e572d-f83e-4446-981b-db8c58cb1a46"}),
        ("/api/tasks", {"type": "friend.ask", "payload": {"friendName": "Bruno", "askerId": 2}}),
        ("/api/kids", {"name": "K", "age": 3, "favoriteActivity": "chess", "guardianId": 2}),
        ("/api/kids", {"name": "K", "age": 3, "favoriteActivity": "chess", "id": 1}),
        ("/api/friends/ask", {"friendname": "Bruno", "askerId": 2}),
        ("/api/playdate-point/coordinates", {"playdate_latit": 1, "playdate_longi": 1, "guardianId": 2}),
        (
            "/auth/signup",
            {"name": "eve", "email": "e@example.com", "password": "many words in a row", "role": "operator"},
        ),
    ],
)
def test_no_field_is_assigned_that_is_not_the_callers_to_give(ann: Caller, path: str, body: dict[str, Any]) -> None:
    answer = ann.post(path, body)
    assert answer.status == 400
    assert answer.json()["faults"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        {"Origin": "https://evil.example", "Content-Type": "application/json"},
        {"Origin": "null", "Content-Type": "application/x-www-form-urlencoded"},
        {"Origin": "null", "Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
    ],
    ids=str,
)
def test_a_foreign_page_signs_nobody_in(anyone: Caller, conn: Connection, headers: dict[str, str]) -> None:
    """Its form would sign the visitor in to an account of its own, to read the visitor's input."""
    mallory = {"name": "mallory", "email": "m@example.com", "password": "many words in a row"}
    before = rows_of(conn)
    answer = anyone.post("/auth/signup", mallory, headers=headers)
    assert answer.status in (403, 415)
    assert (answer.cookies, rows_of(conn)) == ([], before)
    assert anyone.post("/auth/signup", mallory).status == 201
    answer = anyone.post("/auth/login", {"identifier": "mallory", "password": mallory["password"]}, headers=headers)
    assert answer.status in (403, 415)
    assert answer.cookies == []


def test_a_new_account_is_no_operators(anyone: Caller) -> None:
    body = {"name": "eve", "email": "eve@example.com", "password": "many words in a row"}
    token = anyone.post("/auth/signup", body).json()["accessToken"]
    eve = Caller(anyone.app, {"Authorization": f"Bearer {token}"})
    assert eve.get("/ops/stats").status == 403


def test_nothing_of_anothers_is_reached_by_its_id(
    anyone: Caller, services: Services, families: dict[str, str], conn: Connection
) -> None:
    amira = caller(anyone, services, families["Amira"])
    diego = caller(anyone, services, families["Diego"])
    task = amira.post("/api/tasks", {"type": "echo", "payload": {"private": True}}).json()["id"]
    kid = amira.get("/api/kids/mykids").json()[0]["id"]
    for method, path in [
        ("GET", f"/api/tasks/{task}"),
        ("GET", f"/api/tasks/{task}/events"),
        ("POST", f"/api/tasks/{task}/cancel"),
        ("DELETE", f"/api/kids/{kid}"),
    ]:
        answer = diego.send(method, path, data={} if method == "POST" else None)
        assert answer.status == 404, path
        assert "private" not in answer.text
    assert diego.get("/api/tasks").json()["items"] == []
    assert kid in [each["id"] for each in amira.get("/api/kids/mykids").json()]
    assert amira.get(f"/api/tasks/{task}").json()["status"] == "pending"


@pytest.mark.parametrize("forgotten", ["get_task", "list_tasks"])
def test_a_query_that_lost_its_owner_still_gives_nothing_away(
    ann: Caller, ben: Caller, monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    theirs = ann.post("/api/tasks", {"type": "echo"}).json()["id"]
    statement = tasks._SQL[forgotten]
    for condition in ("owner_id = %(owner_id)s", "(%(owner_id)s::text IS NULL OR true)"):
        statement = statement.replace(condition, "true")
    assert "%(owner_id)s" not in statement
    monkeypatch.setitem(tasks._SQL, forgotten, statement)
    assert ben.get(f"/api/tasks/{theirs}").status == 404
    assert ben.post(f"/api/tasks/{theirs}/cancel").status == 404
    assert ben.get("/api/tasks").json()["items"] == []
    assert ann.get(f"/api/tasks/{theirs}").json()["status"] == "pending"


def test_every_operator_route_is_closed_to_others(ann: Caller, anyone: Caller) -> None:
    from orchestrator.http.app import routes_of
    from orchestrator.http.operation import declared

    operator_routes = [route for route in routes_of(ann.app) if route.path.startswith("/ops/")]
    assert len(operator_routes) >= 15
    for route in operator_routes:
        promise = declared(route.func)
        assert promise is not None
        assert promise.access == "operator"
        path = route.path.replace("<task_id>", str(uuid4())).replace("<redrive_id>", str(uuid4()))
        data: object = None if route.method == "GET" else {}
        assert ann.send(route.method, path.replace("<name>", "x"), data=data).status == 403
        assert anyone.send(route.method, path.replace("<name>", "x"), data=data).status == 401


def test_every_answer_has_the_headers_that_browsers_obey(anyone: Caller, ann: Caller) -> None:
    for answer in (anyone.get("/health"), anyone.get("/nothing"), ann.get("/api/tasks"), anyone.get("/api/tasks")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
