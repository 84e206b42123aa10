"""Operators on the deployed stack: their changes take effect, and logs contain no personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.support.stack import Stack

#: In no log by chance.
MARKER = "marker5f0c9a7be1d24c"
JSON = {"Content-Type": "application/json"}
#: Makes Postgres say whom it is about when a kid is added or a friend asked.
QUOTING = """
ALTER TABLE kids ADD CONSTRAINT no_kim CHECK (name NOT LIKE 'Kim %');
CREATE FUNCTION quotes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  RAISE EXCEPTION 'no friend for %', (SELECT name FROM guardians WHERE id = NEW.receiver_id);
END $$;
CREATE TRIGGER quotes BEFORE INSERT ON friend_links FOR EACH ROW EXECUTE FUNCTION quotes();
"""


@pytest.fixture
def operator(stack: Stack, login: Callable[[str], str]) -> Iterator[httpx.Client]:
    with stack.client(login("operator")) as client:
        yield client


def token_keys(stack: Stack) -> dict[str, Any]:
    answer = stack.aws("secretsmanager").get_secret_value(SecretId=stack.said["jwt_secret_arn"])
    keys: dict[str, Any] = json.loads(answer["SecretString"])
    return keys


def password(stack: Stack, secret: str) -> str:
    """That a function has for Postgres."""
    return str(json.loads(stack.aws("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])["password"])


def finished(client: httpx.Client, task_id: str) -> dict[str, Any]:
    """Return the task once it is over. Each check is a request, so this is no busy loop."""
    for _ in range(600):
        task: dict[str, Any] = client.get(f"/api/tasks/{task_id}").json()
        if task["status"] not in ("pending", "processing"):
            return task
    raise AssertionError(f"{task_id} is still {task['status']}")


def test_keys_rotate_and_no_request_fails(stack: Stack, operator: httpx.Client, amira: httpx.Client) -> None:
    for _ in range(3):
        rotated = operator.post("/ops/secrets/jwt/rotate", json={})
        assert rotated.status_code == 200, rotated.text
        assert amira.get("/api/tasks").status_code == 200
        assert operator.get("/ops/stats").status_code == 200
    stored = token_keys(stack)
    assert stored["current"] == rotated.json()["current"]
    newest = operator.get("/ops/audit").json()["items"][0]
    assert newest["action"] == "rotate"
    assert not any(key in json.dumps(newest) for key in stored["keys"].values())


def test_a_flag_is_changed_shown_and_forgotten(operator: httpx.Client) -> None:
    name = f"e2e_{uuid4().hex[:8]}"
    changed = operator.put(f"/ops/flags/{name}", json={"percent": 20, "owners": ["1"]})
    assert changed.status_code == 200, changed.text
    (shown,) = [flag for flag in operator.get("/ops/flags").json()["flags"] if flag["name"] == name]
    assert (shown["on"], shown["percent"], shown["owners"]) == (False, 20, ["1"])
    assert operator.put(f"/ops/flags/{name}", json={"percent": 101}).status_code == 400
    left = operator.put(f"/ops/flags/{name}", json={"forget": True}).json()["flags"]
    assert name not in [flag["name"] for flag in left]


def test_the_operators_page_is_served(stack: Stack) -> None:
    with stack.client() as client:
        page = client.get("/operator/")
        assert page.status_code == 200
        for path in re.findall(r'(?:href|src)="([^"#]+)"', page.text):
            assert client.get(f"/operator/{path}").status_code == 200, path


def test_logs_give_nothing_away(stack: Stack, amira: httpx.Client) -> None:
    """Passwords, tokens, tickets, keys, payloads, names, addresses of a whole run, of every function."""
    wrong, friend = f"pw-{MARKER}", f"friend-{MARKER}"
    with stack.client() as anonymous:
        anonymous.post("/auth/login", json={"identifier": f"name-{MARKER}", "password": wrong})
        anonymous.get("/api/tasks", headers={"Authorization": f"Bearer token-{MARKER}"})
        anonymous.get("/api/tasks", headers={"Cookie": f"SessionID=cookie-{MARKER}"})
        anonymous.post("/auth/login", content=f'{{"identifier": "{MARKER}", "password":', headers=JSON)
    echo = amira.post("/api/tasks", json={"type": "echo", "payload": {"secret": f"payload-{MARKER}"}}).json()["id"]
    refused = amira.post("/api/friends/ask", json={"friendname": friend}).json()["taskId"]
    ticket = amira.post("/api/realtime/ticket").json()["ticket"]
    assert finished(amira, echo)["status"] == "completed"
    assert finished(amira, refused)["status"] == "failed"
    failed, dead = fail_over_a_family(stack, amira)
    keys = token_keys(stack)
    secrets = {
        "marker": MARKER,
        "ticket": ticket,
        "token": amira.headers["Authorization"].removeprefix("Bearer "),
        "demo password": stack.said["users"][0]["password"],
        **{name: password(stack, secret) for name, secret in stack.resources().items() if name.endswith("Login")},
        **{f"key {kid}": key for kid, key in keys.get("keys", keys).items() if isinstance(key, str) and len(key) > 20},
    }
    text = logged(stack)
    for expected in (echo, failed, dead, "check constraint", "dead-letter"):
        assert expected in text, "the logs of this run, of its failures too, are there to be searched"
    assert [name for name, secret in secrets.items() if secret in text] == []
    assert re.findall(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}", text) == [], "no token of any kind"
    assert re.findall(r"postgres(?:ql)?://\S+:\S+@", text) == [], "no connection string"


def fail_over_a_family(stack: Stack, amira: httpx.Client) -> tuple[str, str]:
    """A request and a task end in errors that quote a kid and a guardian; the trace of one, the id of the other."""
    name = f"Guest {MARKER}"
    with stack.client() as guest, psycopg.connect(stack.said["database_url"], autocommit=True) as sql:
        body = {"name": name, "email": f"{MARKER}@example.com", "password": uuid4().hex}
        signed = guest.post("/auth/signup", json=body)
        assert signed.status_code == 201, signed.text
        guest.cookies.clear()
        guest.headers["Authorization"] = f"Bearer {signed.json()['accessToken']}"
        sql.execute(QUOTING)
        try:
            kid = guest.post("/api/kids", json={"name": f"Kim {MARKER}", "age": 6, "favoriteActivity": "chess"})
            assert kid.status_code == 500, kid.text
            ask = {"type": "friend.ask", "payload": {"friendName": name}, "maxAttempts": 1}
            dead = amira.post("/api/tasks", json=ask).json()["id"]
            assert finished(amira, dead)["status"] == "dead-letter"
        finally:
            sql.execute(
                "ALTER TABLE kids DROP CONSTRAINT no_kim; DROP TRIGGER quotes ON friend_links; DROP FUNCTION quotes"
            )
    return kid.json()["traceId"], dead


def logged(stack: Stack) -> str:
    """Everything the functions have written."""
    logs = stack.aws("logs")
    lines: list[str] = []
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        lines.extend(event["message"] for page in pages for event in page["events"])
    return "\n".join(lines)
