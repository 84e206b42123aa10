"""The deployed functions' passwords are rotated by the deployed function, while they are at work."""

from __future__ import annotations

import json
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.e2e.watcher import watching
from tests.support.database_users import STEPS
from tests.support.stack import Stack


@pytest.mark.parametrize("part", ["Api", "Worker", "Websocket", "Push"])
def test_a_password_rotates_and_no_request_fails(stack: Stack, amira: httpx.Client, part: str) -> None:
    """Each step twice, and after each the connections of all functions are cut: they must find in again."""
    deployed, version = stack.resources(), str(uuid4())
    secrets, secret_id = stack.aws("secretsmanager"), deployed[f"{part}Login"]
    before = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
    for step in STEPS:
        event = {"Step": step, "SecretId": secret_id, "ClientRequestToken": version}
        for _ in range(2):
            rotate(stack, deployed["RotatePasswordsFunction"], event)
        cut(stack)
        watch_a_task(amira)
    after = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
    assert after["username"] == before["username"]
    assert after["password"] != before["password"]


def rotate(stack: Stack, function: str, event: dict[str, str]) -> None:
    answer = stack.aws("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()


def cut(stack: Stack) -> None:
    with psycopg.connect(stack.said["database_url"]) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND state = 'idle'"
        )


def watch_a_task(client: httpx.Client) -> None:
    """Passes through the API, the socket function, a worker and the push."""
    with watching(client) as watcher:
        watcher.subscribe()
        submitted = client.post("/api/tasks", json={"type": "echo", "payload": {}})
        assert submitted.status_code == 202, submitted.text
        assert watcher.until_over(submitted.json()["id"])["status"] == "completed"
