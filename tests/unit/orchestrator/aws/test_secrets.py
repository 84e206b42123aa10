from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.aws import secrets
from orchestrator.aws.clients import CloudError, call
from orchestrator.aws.secrets import Secrets
from tests.unit.orchestrator.aws.conftest import Clock


@pytest.fixture
def arn(aws: None) -> str:
    answer = call("secretsmanager", "create_secret", Name="s", SecretString=json.dumps({"n": 1}))
    return str(answer["ARN"])


def rotate(arn: str, value: object) -> None:
    call("secretsmanager", "put_secret_value", SecretId=arn, SecretString=json.dumps(value))


def go_away(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def fail(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        asked.append(parameters["SecretId"])
        raise CloudError(service, operation, "ConnectTimeoutError")

    monkeypatch.setattr(secrets, "call", fail)
    return asked


def test_a_rotation_is_seen_within_a_minute(arn: str, clock: Clock) -> None:
    known = Secrets(clock)
    assert known.get_json(arn) == {"n": 1}
    rotate(arn, {"n": 2})
    assert known.get_json(arn) == {"n": 1}
    clock.advance(46)
    assert known.get_json(arn) == {"n": 2}


def test_refresh_does_not_wait(arn: str, clock: Clock) -> None:
    known = Secrets(clock)
    known.get_json(arn)
    rotate(arn, {"n": 2})
    assert known.refresh(arn) == {"n": 2}
    assert known.get_json(arn) == {"n": 2}


def test_the_last_value_outlives_an_outage_without_asking_each_time(
    arn: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Secrets(clock)
    known.get_json(arn)
    asked = go_away(monkeypatch)
    clock.advance(3_600)
    assert [known.get_json(arn) for _ in range(5)] == [{"n": 1}] * 5
    assert len(asked) == 1
    clock.advance(secrets.PAUSE_AFTER_FAILURE)
    known.get_json(arn)
    assert len(asked) == 2


def test_without_a_last_value_an_outage_is_an_error(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    go_away(monkeypatch)
    with pytest.raises(CloudError):
        Secrets(clock).get_json("arn")


@pytest.mark.parametrize("text", ["not json", "[]", '"x"'])
def test_a_secret_that_is_no_object_keeps_the_last_value(arn: str, clock: Clock, text: str) -> None:
    known = Secrets(clock)
    known.get_json(arn)
    call("secretsmanager", "put_secret_value", SecretId=arn, SecretString=text)
    assert known.refresh(arn) == {"n": 1}
