"""The steps of a rotation, for any secret: doubled, late and in the wrong order."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from orchestrator.aws.clients import call
from orchestrator.aws.secret_rotation import Rotation, RotationOver, Secret, read, take_step

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def number(secret: Secret) -> int:
    return int(str(secret["n"]))


class Service:
    """Count upwards, and record each pair of secrets that the rotation applies."""

    def __init__(self) -> None:
        self.arn = str(call("secretsmanager", "create_secret", Name="n", SecretString='{"n": 1}')["ARN"])
        self.reported: list[tuple[int, int]] = []
        self.rotation = Rotation(
            create=lambda current: {"n": number(current) + 1},
            apply=lambda current, pending: self.reported.append((number(current), number(pending))),
            test=self._test,
        )

    def _test(self, secret: Secret) -> None:
        assert number(secret) == self.reported[-1][1]

    def take(self, version: str, *steps: str) -> None:
        for step in steps:
            take_step(self.rotation, step, self.arn, version)

    def current(self) -> int:
        return number(read(self.arn, VersionStage="AWSCURRENT"))


@pytest.fixture
def service(aws: None) -> Service:
    return Service()


def test_the_steps_lead_to_the_next_secret(service: Service) -> None:
    service.take("1" * 32, *STEPS)
    assert (service.reported, service.current()) == ([(1, 2)], 2)
    service.take("2" * 32, *STEPS)
    assert (service.reported[-1], service.current()) == ((2, 3), 3)


def test_until_the_last_step_nothing_has_changed(service: Service) -> None:
    service.take(str(uuid4()), *STEPS[:-1])
    assert service.current() == 1


def test_a_step_that_comes_twice_changes_nothing(service: Service) -> None:
    service.take(str(uuid4()), *(step for step in STEPS for _ in range(2)))
    assert service.current() == 2
    assert set(service.reported) == {(1, 2)}


def test_all_steps_may_come_again_when_all_are_done(service: Service) -> None:
    version = str(uuid4())
    service.take(version, *STEPS)
    service.take(version, *STEPS)
    assert (service.reported, service.current()) == ([(1, 2)], 2)


@pytest.mark.parametrize("late", ["setSecret", "finishSecret"])
def test_a_late_step_of_an_older_rotation_is_refused(service: Service, late: str) -> None:
    """It would bring back a secret whose time is over."""
    old = str(uuid4())
    service.take(old, *STEPS)
    service.take(str(uuid4()), *STEPS)
    with pytest.raises(RotationOver, match="over"):
        service.take(old, late)
    assert (service.current(), service.reported[-1]) == (3, (2, 3))


def test_nothing_is_pending_when_a_rotation_has_ended(service: Service) -> None:
    service.take(str(uuid4()), *STEPS)
    with pytest.raises(Exception, match="ResourceNotFound"):
        read(service.arn, VersionStage="AWSPENDING")


def test_a_pending_version_without_a_value_is_given_one(service: Service) -> None:
    """As Secrets Manager leaves it before the first step."""
    with pytest.raises(Exception, match="ResourceNotFound"):
        read(service.arn, VersionStage="AWSPENDING")
    service.take(str(uuid4()), "createSecret")
    assert read(service.arn, VersionStage="AWSPENDING") == {"n": 2}


def test_another_step_is_none(service: Service) -> None:
    with pytest.raises(ValueError, match="no step"):
        service.take(str(uuid4()), "other")
    answer = call("secretsmanager", "get_secret_value", SecretId=service.arn)
    assert json.loads(answer["SecretString"]) == {"n": 1}
