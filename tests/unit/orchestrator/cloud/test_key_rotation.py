"""Keys rotate under load and no token of anybody's is refused before its time."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import pytest

from orchestrator.cloud import key_rotation, secrets
from orchestrator.cloud.clients import call
from orchestrator.cloud.key_rotation import rotate_now, rotated, take_step
from orchestrator.cloud.secrets import Secrets
from orchestrator.edge.tokens import LEEWAY, LIFETIME, Tokens
from orchestrator.model.errors import Unauthenticated
from tests.unit.orchestrator.cloud.conftest import Clock

#: As the template generates it.
FIRST = {"current": "first", "first": "A" * 64}


class Store:
    """The secret, and containers that each remember it for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secret: dict[str, Any] = FIRST
        monkeypatch.setattr(secrets, "_read", lambda _: self.secret)

    def container(self, clock: Clock) -> Tokens:
        return Tokens(Secrets(clock), "arn", issuer="us", audience="app", clock=clock)

    def rotate(self, *, revoke: bool = False) -> None:
        self.secret = rotated(self.secret, now=time.time(), token_life=LIFETIME + LEEWAY, revoke=revoke)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    return Store(monkeypatch)


def test_every_token_is_good_everywhere_through_rotations(store: Store) -> None:
    clock = Clock()
    containers = [store.container(clock) for _ in range(3)]
    issued: list[str] = []
    for round in range(30):
        if round % 6 == 5:
            store.rotate()
        clock.advance(7.0)  # containers look again at different moments
        issued.append(containers[round % 3].issue("1", "ann")[0])
        for token in issued:
            for container in containers:
                assert container.verify(token).owner == "1"


def test_the_next_key_is_known_before_it_signs(store: Store) -> None:
    store.rotate()
    upcoming = store.secret["next"]
    assert upcoming in store.secret["keys"]
    store.rotate()
    assert store.secret["current"] == upcoming


def test_a_retired_key_is_good_for_a_token_s_life_and_no_longer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    old = store.container(Clock()).issue("1", "ann")[0]
    store.rotate()
    assert store.container(Clock()).verify(old).owner == "1"
    store.secret["retired"]["first"] -= LIFETIME + 2 * LEEWAY
    with pytest.raises(Unauthenticated):
        store.container(Clock()).verify(old)
    store.rotate()
    assert "first" not in store.secret["keys"]


def test_revoking_ends_every_token_of_before(store: Store) -> None:
    old = store.container(Clock()).issue("1", "ann")[0]
    store.rotate(revoke=True)
    assert "first" not in store.secret["keys"]
    with pytest.raises(Unauthenticated):
        store.container(Clock()).verify(old)


def test_no_name_of_the_secret_is_taken_for_a_key(store: Store) -> None:
    store.secret = {**FIRST, "next": "B" * 64, "retired": "C" * 64}
    for name in ("current", "next", "retired", "keys"):
        assert name not in key_rotation._keys(store.secret)


@pytest.mark.usefixtures("aws")
def test_the_steps_of_secrets_manager_each_may_come_twice() -> None:
    arn = call("secretsmanager", "create_secret", Name="jwt", SecretString=json.dumps(FIRST))["ARN"]
    version = str(uuid4())
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        take_step(step, arn, version, token_life=LIFETIME)
        take_step(step, arn, version, token_life=LIFETIME)
    answer = call("secretsmanager", "get_secret_value", SecretId=arn, VersionStage="AWSCURRENT")
    assert answer["VersionId"] == version
    secret = json.loads(answer["SecretString"])
    assert secret["keys"]["first"] == "A" * 64
    assert len({secret["current"], secret["next"], "first"}) == 3
    with pytest.raises(ValueError, match="no step"):
        take_step("other", arn, version, token_life=LIFETIME)


@pytest.mark.usefixtures("aws")
def test_an_operator_rotates_at_once() -> None:
    arn = call("secretsmanager", "create_secret", Name="jwt", SecretString=json.dumps(FIRST))["ARN"]
    current = rotate_now(arn, token_life=LIFETIME)
    assert json.loads(call("secretsmanager", "get_secret_value", SecretId=arn)["SecretString"])["current"] == current
