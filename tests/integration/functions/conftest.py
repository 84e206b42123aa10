"""The functions as Lambda runs them: settings from the environment, secrets and queues by moto, a real Postgres."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from psycopg.conninfo import conninfo_to_dict

from orchestrator import bootstrap
from orchestrator.aws.clients import call
from tests.support.database_users import address_of, forget_everything


def database_secret(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    return {"username": parts["user"], "password": parts.get("password") or "none"}


def environment(database_url: str) -> dict[str, str]:
    """Make the secrets and queues; return the variables that the template gives the functions."""
    return {
        "APPLICATION": "playmate",
        "ENVIRONMENT": "local",
        **address_of(database_url),
        "DATABASE_SECRET_ARN": _secret("database", database_secret(database_url)),
        "JWT_SECRET_ARN": _secret("jwt", {"current": "k", "k": base64.urlsafe_b64encode(b"k" * 48).decode()}),
        "TASK_QUEUE_URL": _queue("tasks"),
        "DEAD_LETTER_QUEUE_URL": _queue("dead"),
        "EVENT_QUEUE_URL": _queue("events"),
        "WEBSOCKET_URL": "wss://socket.example/live",
        "WEBSOCKET_ENDPOINT": "https://socket.example/live",
        "ALLOWED_ORIGINS": "https://app.example",
        "SERVICE_VERSION": "test",
    }


@pytest.fixture
def stack(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    forget_everything()
    with mock_aws():
        variables = environment(database_url)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield variables
        bootstrap.database().close()
        forget_everything()


def _secret(name: str, value: object) -> str:
    return str(call("secretsmanager", "create_secret", Name=name, SecretString=json.dumps(value))["ARN"])


def _queue(name: str) -> str:
    return str(call("sqs", "create_queue", QueueName=name)["QueueUrl"])


def delivered(url: str) -> dict[str, Any]:
    """Return the event that the event source mapping makes of a queue's messages."""
    answer = call(
        "sqs",
        "receive_message",
        QueueUrl=url,
        MaxNumberOfMessages=10,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {
                    name: {"dataType": value["DataType"], "stringValue": value["StringValue"]}
                    for name, value in message.get("MessageAttributes", {}).items()
                },
                "eventSource": "aws:sqs",
            }
            for message in answer.get("Messages", [])
        ]
    }
