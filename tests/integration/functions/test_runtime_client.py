"""Each function alone, started by Lambda's own Python runtime client at the level DEBUG: it logs no secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

from orchestrator.aws.clients import call
from orchestrator.store.connection import connect
from tests.integration.functions.conftest import environment
from tests.support import runtime_api
from tests.support.database_users import STEPS, Login, drop, forget_everything, login_for
from tests.support.gateway import http_event
from tools.virtualenvs import ROOT

FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/app.py"))
CREDENTIALS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "an access key of the role",
    "AWS_SECRET_ACCESS_KEY": "a secret key of the role",
    "AWS_SESSION_TOKEN": "a session token of the role",
}
PERSONAL = {"name": "Ann of the runtime client", "email": "ann@runtime.example", "password": "runtime 7Q2 client"}
#: Of a task and of a version of a secret.
ID = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class Stack:
    variables: Mapping[str, str]
    login: Login

    def secrets(self) -> set[str]:
        """Every secret text of Secrets Manager, and the strings in it that are no names."""
        found: set[str] = set()
        for one in call("secretsmanager", "list_secrets")["SecretList"]:
            for version in call("secretsmanager", "list_secret_version_ids", SecretId=one["ARN"])["Versions"]:
                text = call("secretsmanager", "get_secret_value", SecretId=one["ARN"], VersionId=version["VersionId"])[
                    "SecretString"
                ]
                found |= {text, *(each for each in _strings(json.loads(text)) if len(each) >= 20)}
        return found


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    forget_everything()
    with mock_aws():
        variables = environment(database_url)
        login = login_for(database_url)
        with connect(database_url) as owner:
            login.make(owner, "sweeper")
        yield Stack(variables, login)
        drop(login)
    forget_everything()


def sqs_event(body: object) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": "m1",
                "receiptHandle": "r1",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
        ]
    }


def rotation(arn: str) -> list[object]:
    return [{"Step": step, "SecretId": arn, "ClientRequestToken": ID} for step in STEPS]


#: The events with which each function reads its secrets, and does its work as far as a single event goes.
EVENTS: dict[str, Callable[[Stack], list[object]]] = {
    "api": lambda _: [http_event("POST", "/auth/signup", body=json.dumps(PERSONAL))],
    "migrate": lambda _: [{}],
    "push": lambda _: [sqs_event({"owner": "1"})],
    "rotate_keys": lambda stack: rotation(stack.variables["JWT_SECRET_ARN"]),
    "rotate_passwords": lambda stack: rotation(stack.login.arn),
    "sweeper": lambda _: [{}],
    "websocket": lambda _: [{"requestContext": {"connectionId": "c1", "routeKey": "$disconnect"}}],
    "worker": lambda _: [sqs_event({"taskId": ID})],
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_no_secret_under_the_runtime_client(stack: Stack, function: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html: the runtime sets the root logger's level.

    https://github.com/aws/aws-lambda-python-runtime-interface-client is the client that Lambda runs.
    """
    before = stack.secrets()
    events = EVENTS[function](stack)
    variables = {**stack.variables, **CREDENTIALS, "AGENT_LOG_LEVEL": "DEBUG"}
    ran = runtime_api.run(function, events, variables)
    assert ran.errors == [], ran.output[-3000:]
    assert len(ran.answers) == len(events), ran.output[-3000:]
    secrets = {*before, *stack.secrets(), *CREDENTIALS.values(), *PERSONAL.values()} - {"us-east-1"}
    if function == "api":
        assert ran.answers[0]["statusCode"] == 201, ran.answers
        secrets |= {ran.answers[0]["body"], json.loads(ran.answers[0]["body"])["accessToken"]}
    assert [secret for secret in secrets if secret in ran.output] == []
    assert "botocore" not in ran.output
