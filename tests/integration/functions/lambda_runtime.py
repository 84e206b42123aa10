"""Run every function once, in a process set up as Lambda's Python runtime sets it up; print all that is logged.

`python -m tests.integration.functions.lambda_runtime DATABASE_URL FILE` writes the secrets of the run to FILE, as JSON.
"""
# ruff: noqa: E402 - the runtime sets up logging before it imports a function

import sys

from awslambdaric.bootstrap import StandardLogSink, _setup_logging
from awslambdaric.lambda_runtime_log_utils import LogFormat

_setup_logging(LogFormat.JSON, "DEBUG", StandardLogSink())

from functions.migrate import app as migrate  # isort: skip - as in the deploy, the first to be imported
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from moto import mock_aws

from functions.api import app as api
from functions.push import app as push
from functions.rotate_keys import app as rotate_keys
from functions.rotate_passwords import app as rotate_passwords
from functions.sweeper import app as sweeper
from functions.websocket import app as websocket
from functions.worker import app as worker
from orchestrator import bootstrap
from orchestrator.aws.clients import call
from orchestrator.store.connection import connect
from tests.integration.functions.conftest import delivered, environment
from tests.support.database_users import STEPS, drop, login_for
from tests.support.gateway import LambdaContext, http_event

CONTEXT = cast("Any", LambdaContext(remaining_ms=60_000))
PASSWORD = "a password for this test 7Q2"
KID = "Kim of the runtime test"
NAME = "Ann of the runtime test"


def main(database_url: str, secrets_file: str) -> None:
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        said = environment(database_url)
        login = login_for(database_url)
        os.environ.update(said, AGENT_LOG_LEVEL="DEBUG")
        migrate.handler({}, CONTEXT)
        with connect(database_url) as owner:
            login.make(owner, "sweeper")
        stack.callback(drop, login)
        old_password = login.secret()["password"]
        token, ticket = _run_a_task(said)
        sweeper.handler({}, CONTEXT)
        old_keys = _keys(said["JWT_SECRET_ARN"])
        _rotate(rotate_keys, said["JWT_SECRET_ARN"])
        _rotate(rotate_passwords, login.arn)
        secrets = {
            "token": token,
            "ticket": ticket,
            "password": PASSWORD,
            "kid": KID,
            "guardian": NAME,
            "login's old password": old_password,
            "login's new password": login.secret()["password"],
            "session token": os.environ["AWS_SESSION_TOKEN"],
            **{f"old key {kid}": key for kid, key in old_keys.items()},
            **{f"new key {kid}": key for kid, key in _keys(said["JWT_SECRET_ARN"]).items()},
        }
        Path(secrets_file).write_text(json.dumps({name: value for name, value in secrets.items() if len(value) > 6}))
        bootstrap.database().close()


def _run_a_task(said: dict[str, str]) -> tuple[str, str]:
    """Sign up, connect, submit, run, push; return the access token and the ticket."""
    token = _request("POST", "/auth/signup", "", {"name": NAME, "email": "ann@example.org", "password": PASSWORD})[
        "accessToken"
    ]
    _request("POST", "/api/kids", token, {"name": KID, "age": 6, "favoriteActivity": "chess"})
    ticket = _request("POST", "/api/realtime/ticket", token)["ticket"]
    websocket.handler(_socket_event("$connect", queryStringParameters={"ticket": ticket}), CONTEXT)
    websocket.handler(_socket_event("$default", body='{"action": "subscribe"}'), CONTEXT)
    _request("POST", "/api/tasks", token, {"type": "echo", "payload": {"kid": KID}})
    assert worker.handler(delivered(said["TASK_QUEUE_URL"]), CONTEXT) == {"batchItemFailures": []}
    push.handler(delivered(said["EVENT_QUEUE_URL"]), CONTEXT)
    return token, ticket


def _request(method: str, path: str, token: str, data: object = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    event = http_event(method, path, body=None if data is None else json.dumps(data), headers=headers)
    answer = api.handler(event, CONTEXT)
    assert answer["statusCode"] < 300, answer
    return dict(json.loads(answer["body"]))


def _socket_event(route: str, **more: Any) -> dict[str, Any]:
    return {"requestContext": {"connectionId": "c1", "routeKey": route}, **more}


def _rotate(function: Any, arn: str) -> None:
    version = "00000000-0000-4000-8000-000000000001"
    for step in STEPS:
        function.handler({"Step": step, "SecretId": arn, "ClientRequestToken": version}, CONTEXT)


def _keys(arn: str) -> dict[str, str]:
    secret = json.loads(call("secretsmanager", "get_secret_value", SecretId=arn)["SecretString"])
    return {kid: key for kid, key in secret.get("keys", secret).items() if isinstance(key, str)}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
