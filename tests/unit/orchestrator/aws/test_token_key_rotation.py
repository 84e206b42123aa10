"""Keys rotate under load and no token of anybody's is refused before its time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest

from orchestrator.aws import secret_rotation, secrets, token_key_rotation
from orchestrator.aws.clients import call
from orchestrator.aws.secret_rotation import RotationOver
from orchestrator.aws.secrets import MAX_AGE, Secrets
from orchestrator.aws.token_key_rotation import GRACE, LONGEST_ROTATION, pepper, rotate_now, rotated, take_step
from orchestrator.http.access_tokens import LEEWAY, LIFETIME, Tokens
from orchestrator.model.errors import Unauthenticated
from tests.unit.orchestrator.aws.conftest import Clock

#: As the template generates it.
FIRST = {"current": "first", "first": "A" * 64}
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Now:
    """The time of day for signing, verifying and rotating."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = time.time()
        self.clock = Clock()
        monkeypatch.setattr(time, "time", lambda: self.time)
        # PyJWT has a clock of its own: `verifies` asks the test's clock whether a token has ended.
        monkeypatch.setattr("jwt.api_jwt.PyJWT._validate_iat", lambda *_: None)
        monkeypatch.setattr("jwt.api_jwt.PyJWT._validate_exp", lambda *_: None)

    def advance(self, seconds: float) -> None:
        self.time += seconds
        self.clock.advance(seconds)

    def living(self, token: str) -> bool:
        claims: dict[str, float] = jwt.decode(token, options={"verify_signature": False})
        return self.time <= claims["exp"]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    return Now(monkeypatch)


class Store:
    """The secret, and containers that each remember it for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: Now) -> None:
        self.secret: dict[str, Any] = FIRST
        self.now = now
        monkeypatch.setattr(secrets, "_read", lambda _: self.secret)

    def container(self) -> Tokens:
        return Tokens(Secrets(self.now.clock), "arn", issuer="us", audience="app", clock=self.now.clock)

    def rotate(self, *, revoke: bool = False) -> None:
        self.secret = rotated(self.secret, now=time.time(), token_life=LIFETIME + LEEWAY, revoke=revoke)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, now: Now) -> Store:
    return Store(monkeypatch, now)


class Traffic:
    """Containers that read the secret at different moments; each signs tokens and verifies the tokens of all."""

    def __init__(self, store: Store) -> None:
        self.now = store.now
        self.containers = [store.container() for _ in range(3)]
        self.issued: list[str] = []
        self.rounds = 0

    def go_on(self, seconds: float) -> None:
        end = self.now.time + seconds
        while self.now.time < end:
            self.now.advance(17.0)
            self.rounds += 1
            self.issued.append(self.containers[self.rounds % 3].issue("1", "ann")[0])
            self.issued = [token for token in self.issued if self.now.living(token)]
            for token in self.issued:
                assert self.containers[(self.rounds + 1) % 3].verify(token).owner == "1"


def test_every_token_is_good_everywhere_through_rotations(store: Store) -> None:
    traffic = Traffic(store)
    for _ in range(5):
        traffic.go_on(60.0)
        store.rotate()
    traffic.go_on(LIFETIME + GRACE)


@pytest.mark.parametrize("apart", [2.0, 25 * 60.0, LONGEST_ROTATION - 1.0], ids=["at once", "25 minutes", "an hour"])
def test_the_first_and_the_last_step_may_be_far_apart(store: Store, apart: float) -> None:
    """The first step records the retirement of the key; containers sign with the key until after the last step."""
    traffic = Traffic(store)
    traffic.go_on(60.0)
    pending = rotated(store.secret, now=time.time(), token_life=LIFETIME)
    traffic.go_on(apart)
    store.secret = pending
    traffic.go_on(LIFETIME + 2 * MAX_AGE)
    assert all(jwt.get_unverified_header(token)["kid"] == pending["current"] for token in traffic.issued)


def test_the_next_key_is_known_before_it_signs(store: Store) -> None:
    store.rotate()
    upcoming = store.secret["next"]
    assert upcoming in store.secret["keys"]
    store.rotate()
    assert store.secret["current"] == upcoming


def test_a_retired_key_is_good_for_its_tokens_lives_and_no_longer(store: Store) -> None:
    old = store.container().issue("1", "ann")[0]
    store.rotate()
    store.now.advance(LIFETIME + GRACE)
    assert store.container().verify(old).owner == "1"
    store.now.advance(2 * LEEWAY)
    with pytest.raises(Unauthenticated):
        store.container().verify(old)
    store.rotate()
    assert "first" not in store.secret["keys"]


def test_values_sealed_for_longer_outlive_rotations_but_no_revocation(store: Store) -> None:
    before = pepper(store.secret)
    for _ in range(3):
        store.rotate()
        store.now.advance(LIFETIME + 2 * GRACE)
    assert pepper(store.secret) == before
    store.rotate(revoke=True)
    assert pepper(store.secret) != before


def test_revoking_ends_every_token_of_before(store: Store) -> None:
    old = store.container().issue("1", "ann")[0]
    store.rotate(revoke=True)
    assert "first" not in store.secret["keys"]
    with pytest.raises(Unauthenticated):
        store.container().verify(old)


def test_no_name_of_the_secret_is_taken_for_a_key(store: Store) -> None:
    store.secret = {**FIRST, "next": "B" * 64, "retired": "C" * 64, "pepper": "D" * 64}
    for name in ("current", "next", "retired", "keys", "pepper"):
        assert name not in token_key_rotation._keys(store.secret)


class Kept:
    """The secret as Secrets Manager keeps it."""

    def __init__(self) -> None:
        self.arn = str(call("secretsmanager", "create_secret", Name="jwt", SecretString=json.dumps(FIRST))["ARN"])

    def take(self, version: str, *steps: str) -> None:
        for step in steps:
            take_step(step, self.arn, version, token_life=LIFETIME)

    def current(self) -> dict[str, Any]:
        return secret_rotation.read(self.arn, VersionStage="AWSCURRENT")

    def verifies(self, kid: str) -> bool:
        return kid in token_key_rotation._keys(self.current())


@pytest.fixture
def kept(aws: None) -> Kept:
    return Kept()


def test_the_steps_of_secrets_manager_each_may_come_twice(kept: Kept) -> None:
    version = str(uuid4())
    kept.take(version, *(step for step in STEPS for _ in range(2)))
    now_current, secret = secret_rotation.read_version(kept.arn, VersionStage="AWSCURRENT")
    assert now_current == version
    keys = secret["keys"]
    assert isinstance(keys, dict)
    assert keys["first"] == "A" * 64
    assert len({secret["current"], secret["next"], "first"}) == 3
    with pytest.raises(ValueError, match="no step"):
        kept.take(version, "other")


def test_an_operator_rotates_at_once(kept: Kept) -> None:
    current = rotate_now(kept.arn, token_life=LIFETIME)
    assert kept.current()["current"] == current
    assert kept.verifies("first")


@pytest.mark.parametrize("taken", [1, 2, 3])
def test_a_rotation_under_way_does_not_undo_a_revocation(kept: Kept, taken: int) -> None:
    version = str(uuid4())
    kept.take(version, *STEPS[:taken])
    rotate_now(kept.arn, token_life=LIFETIME, revoke=True)
    revoked = kept.current()
    with pytest.raises(RotationOver, match="given up"):
        kept.take(version, *STEPS[taken:])
    assert kept.current() == revoked
    assert not kept.verifies("first")
    kept.take(str(uuid4()), *STEPS)
    assert kept.verifies(revoked["current"])
    assert not kept.verifies("first")


def test_a_rotation_with_steps_too_far_apart_is_given_up(kept: Kept, now: Now) -> None:
    """Its retired key would be good for too short a time; the next begins anew."""
    version = str(uuid4())
    kept.take(version, *STEPS[:-1])
    now.advance(LONGEST_ROTATION + 1)
    with pytest.raises(RotationOver, match="given up"):
        kept.take(version, "finishSecret")
    assert kept.current() == FIRST
    kept.take(str(uuid4()), *STEPS)
    assert kept.current()["retired"] == {"first": now.time}


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Between the next read of the secret and the next write."""
    read = secret_rotation.read_version

    def then(arn: str, **which: str) -> tuple[str, dict[str, Any]]:
        found = read(arn, **which)
        monkeypatch.setattr(secret_rotation, "read_version", read)
        happens()
        return found

    monkeypatch.setattr(secret_rotation, "read_version", then)


def test_a_rotation_at_the_same_moment_does_not_undo_a_revocation(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """As somebody would try, over and over, whose token is about to be revoked."""
    meanwhile(monkeypatch, lambda: rotate_now(kept.arn, token_life=LIFETIME, revoke=True))
    current = rotate_now(kept.arn, token_life=LIFETIME)
    assert kept.current()["current"] == current
    assert not kept.verifies("first")


def test_a_revocation_at_the_same_moment_as_a_rotation_s_end_stays(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    version = str(uuid4())
    kept.take(version, *STEPS[:-1])
    meanwhile(monkeypatch, lambda: kept.take(version, "finishSecret"))
    rotate_now(kept.arn, token_life=LIFETIME, revoke=True)
    assert not kept.verifies("first")
