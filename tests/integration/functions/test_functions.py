from __future__ import annotations

import json
from io import StringIO
from typing import Any, cast

import pytest

from functions.api import app as api
from functions.migrate import app as migrate
from functions.push import app as push
from functions.sweeper import app as sweeper
from functions.websocket import app as websocket
from functions.worker import app as worker
from orchestrator import bootstrap
from orchestrator.aws.clients import call
from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.entrypoints import lambda_handler
from orchestrator.model.errors import Unavailable
from orchestrator.settings import SettingsError
from orchestrator.store.connection import Connection
from playmate.store.operators import NoSuchAccount
from tests.integration.functions.conftest import database_secret, delivered
from tests.support.database_users import forget_everything
from tests.support.gateway import LambdaContext, http_event

CONTEXT = cast("Any", LambdaContext(remaining_ms=60_000))


def request(method: str, path: str, token: str = "", data: object = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    event = http_event(method, path, body=None if data is None else json.dumps(data), headers=headers)
    answer = api.handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def signed_up(name: str = "Ann") -> str:
    body = {"name": name, "email": f"{name.lower()}@example.org", "password": "correct horse battery"}
    status, answer = request("POST", "/auth/signup", data=body)
    assert status == 201, answer
    return str(answer["accessToken"])


def run_queue(stack: dict[str, str]) -> dict[str, Any]:
    return worker.handler(delivered(stack["TASK_QUEUE_URL"]), CONTEXT)


def socket_event(route: str, **more: Any) -> dict[str, Any]:
    return {"requestContext": {"connectionId": "c1", "routeKey": route}, **more}


def test_one_task_from_the_request_to_the_socket(stack: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[dict[str, Any]] = []

    def gateway(_: Sockets, connection_id: str, data: bytes) -> Delivery:
        assert connection_id == "c1"
        frames.append(json.loads(data))
        return Delivery.SENT

    monkeypatch.setattr(Sockets, "post", gateway)
    token = signed_up()
    ticket = request("POST", "/api/realtime/ticket", token)[1]["ticket"]
    connect = socket_event("$connect", queryStringParameters={"ticket": ticket})
    assert websocket.handler(connect, CONTEXT) == {"statusCode": 200}
    websocket.handler(socket_event("$default", body='{"action": "subscribe"}'), CONTEXT)

    status, receipt = request("POST", "/api/tasks", token, {"type": "echo", "payload": {"a": 1}})
    assert status == 202
    assert run_queue(stack) == {"batchItemFailures": []}
    assert push.handler(delivered(stack["EVENT_QUEUE_URL"]), CONTEXT) == {"batchItemFailures": []}

    task = request("GET", f"/api/tasks/{receipt['id']}", token)[1]
    assert (task["status"], task["result"]["received"]) == ("completed", {"a": 1})
    last = frames[-1]
    assert (last["type"], last["task"]["status"], last["task"]["result"]) == (
        "task-update",
        "completed",
        task["result"],
    )
    assert websocket.handler(socket_event("$disconnect"), CONTEXT) == {"statusCode": 200}


def test_messages_that_name_no_task_are_done_with(stack: dict[str, str]) -> None:
    for body in ("", "nonsense", "{}", '{"v": 1, "taskId": "x"}', "[]", '{"taskId": null}'):
        call("sqs", "send_message", QueueUrl=stack["TASK_QUEUE_URL"], MessageBody=body or " ")
        call("sqs", "send_message", QueueUrl=stack["EVENT_QUEUE_URL"], MessageBody=body or " ")
    assert run_queue(stack) == {"batchItemFailures": []}
    assert push.handler(delivered(stack["EVENT_QUEUE_URL"]), CONTEXT) == {"batchItemFailures": []}


def test_a_lost_task_message_is_sent_again(stack: dict[str, str]) -> None:
    token = signed_up()
    task = request("POST", "/api/tasks", token, {"type": "echo"})[1]["id"]
    call("sqs", "purge_queue", QueueUrl=stack["TASK_QUEUE_URL"])
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE agent_tasks SET wake_at = now() - interval '1 second'")
    assert sweeper.handler({}, CONTEXT)["woken"] == 1
    run_queue(stack)
    assert request("GET", f"/api/tasks/{task}", token)[1]["status"] == "completed"


def test_migrating_again_changes_nothing(stack: dict[str, str]) -> None:
    for event in ({}, {"phase": "pre"}, {"phase": "post"}):
        assert migrate.handler(event, CONTEXT)["applied"] == []


def test_the_first_operator_is_made_by_an_event_and_audited(stack: dict[str, str], conn: Connection) -> None:
    signed_up("Olga")
    bystander = signed_up("Ann")
    answer = migrate.handler({"operator": "OLGA@example.org"}, CONTEXT)
    body = {"identifier": "Olga", "password": "correct horse battery"}
    status, session = request("POST", "/auth/login", data=body)
    assert status == 200, session
    status, audit = request("GET", "/ops/audit", session["accessToken"])
    assert status == 200, audit
    (entry,) = audit["items"]
    assert (entry["actor"], entry["action"]) == ("migrate function", "promote")
    assert entry["detail"] == {"guardian": answer["operator"]}
    assert request("GET", "/ops/audit", bystander)[0] == 403


def test_nobody_becomes_an_operator_without_an_account(stack: dict[str, str], conn: Connection) -> None:
    with pytest.raises(NoSuchAccount, match="sign up first"):
        migrate.handler({"operator": "nobody"}, CONTEXT)
    assert conn.execute("SELECT count(*) AS n FROM operator_actions").fetchone() == {"n": 0}


def test_a_deploy_does_not_mind_that_its_connection_has_died(stack: dict[str, str], conn: Connection) -> None:
    migrate.handler({}, CONTEXT)
    pid = bootstrap.database().connection().info.backend_pid
    conn.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert migrate.handler({}, CONTEXT)["applied"] == []


def test_a_rotated_database_secret_fails_no_request(stack: dict[str, str], database_url: str) -> None:
    good, arn = database_secret(database_url), stack["DATABASE_SECRET_ARN"]
    call("secretsmanager", "put_secret_value", SecretId=arn, SecretString=json.dumps({**good, "password": "old"}))
    bootstrap.secrets().get_json(arn)
    call("secretsmanager", "put_secret_value", SecretId=arn, SecretString=json.dumps(good))
    assert signed_up()


def test_a_database_that_is_away_is_a_503_and_gives_messages_back(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signed_up()
    request("POST", "/api/tasks", token, {"type": "echo"})
    event = delivered(stack["TASK_QUEUE_URL"])
    bootstrap.database().close()
    monkeypatch.setenv("DATABASE_PORT", "1")
    forget_everything()
    assert request("GET", "/api/tasks", token)[0] == 503
    assert worker.handler(event, CONTEXT)["batchItemFailures"]


def test_without_secrets_manager_a_cold_start_is_a_503(stack: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    token = signed_up()
    monkeypatch.setenv("DATABASE_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:000000000000:secret:gone")
    bootstrap.database().close()
    forget_everything()
    status, answer = request("GET", "/api/tasks", token)
    assert status == 503
    assert "gone" not in answer["message"]
    with pytest.raises(Unavailable):
        bootstrap.database().connection()


def test_a_function_that_lacks_a_variable_says_which(stack: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JWT_SECRET_ARN")
    forget_everything()
    with pytest.raises(SettingsError, match="JWT_SECRET_ARN"):
        request("GET", "/health")
    monkeypatch.setenv("JWT_SECRET_ARN", stack["JWT_SECRET_ARN"])
    forget_everything()


@pytest.mark.parametrize(("slow_from", "lines_in_all"), [(0.0, 3), (60_000.0, 0)], ids=["slow", "quick"])
def test_an_invocation_that_was_slow_leaves_a_line_with_its_own_keys(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch, logged: StringIO, slow_from: float, lines_in_all: int
) -> None:
    monkeypatch.setattr(lambda_handler, "SLOW", slow_from)
    token = signed_up()
    request("GET", "/health")
    run_queue(stack)
    assert token not in logged.getvalue()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    done = [line for line in lines if line["message"] == "invocation done"]
    assert [line.get("route") for line in done] == ["/auth/signup", "/health", None][:lines_in_all]
    assert [line.get("status") for line in done] == [201, 200, None][:lines_in_all]
    assert all((line["request_id"], line["version"]) == ("request-1", "test") for line in done)
