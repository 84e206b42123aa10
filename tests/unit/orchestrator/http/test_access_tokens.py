from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from orchestrator.aws import secrets as secrets_module
from orchestrator.aws.secrets import Secrets
from orchestrator.http import access_tokens as tokens_module
from orchestrator.http.access_tokens import LIFETIME, Tokens
from orchestrator.model.errors import Unauthenticated, Unavailable

FIRST, SECOND = b"1" * 48, b"2" * 48


def encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Vault:
    """Stands where Secrets Manager is asked, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.value: Mapping[str, Any] = {"current": "first", "first": encoded(FIRST)}
        self.reads = 0
        monkeypatch.setattr(secrets_module, "_read", self._read)

    def _read(self, _: str) -> Mapping[str, Any]:
        self.reads += 1
        return self.value


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    return Vault(monkeypatch)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(vault: Vault, clock: Clock) -> Tokens:
    return Tokens(Secrets(clock), "arn", issuer="us", audience="app", clock=clock)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"iss": "us", "aud": "app", "sub": "7", "iat": now, "exp": now + 60, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def sign(payload: Mapping[str, Any], *, key: Any = FIRST, kid: str = "first", alg: str = "HS256") -> str:
    return jwt.encode(dict(payload), key, algorithm=alg, headers={"kid": kid})


#: A time long after this test, the same in every process that collects it.
FAR = 4_102_444_800


def test_issued_tokens_are_accepted(tokens: Tokens) -> None:
    token, lifetime = tokens.issue("7", "Ann", "operator")
    caller = tokens.verify(token)
    assert (caller.owner, caller.name, caller.role) == ("7", "Ann", "operator")
    assert lifetime == LIFETIME == 20 * 60
    assert caller.expires_at == pytest.approx(time.time() + LIFETIME, abs=5)


def test_a_role_we_do_not_know_is_none(tokens: Tokens) -> None:
    assert tokens.verify(sign(claims(role="root"))).role is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Ann\0\n\u202eie", "Annie"), ("x" * 5_000, "x" * 80), ("\ud800", ""), (["Ann"], ""), (None, ""), (" \0 ", "")],
    ids=["controls", "long", "half a pair", "list", "none", "blank"],
)
def test_the_shortened_name_can_be_stored_and_shown(tokens: Tokens, name: object, kept: str) -> None:
    """As for an operator, whose acts are kept under it."""
    caller = tokens.verify(sign(claims(name=name, jti=name if isinstance(name, str) else None)))
    assert (caller.name, caller.session) == (kept, kept or None)


@pytest.mark.parametrize("claim", [["operator"], {"operator": 1}, "operator\0"], ids=str)
def test_a_role_that_is_none_harms_nothing(tokens: Tokens, claim: object) -> None:
    assert tokens.verify(sign(claims(role=claim))).role is None


def test_each_token_has_an_id_of_its_own(tokens: Tokens) -> None:
    first, second = (tokens.verify(tokens.issue("7", "Ann")[0]) for _ in range(2))
    assert first.session is not None
    assert first.session != second.session


def test_a_digest_needs_the_secret(tokens: Tokens, vault: Vault, clock: Clock) -> None:
    digest = tokens.digest("ann", "192.0.2.1")
    assert digest == tokens.digest("ann", "192.0.2.1")
    assert len({digest, tokens.digest("ann", "192.0.2.2"), tokens.digest("ann192.0.2.1")}) == 3
    clock.now += 60
    vault.value = {"current": "first", "first": encoded(SECOND)}
    assert tokens.digest("ann", "192.0.2.1") != digest


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "them"},
        {"aud": "other"},
        {"exp": 1},
        {"nbf": FAR},
        {"iat": FAR},
        {"sub": 7},
        {"sub": ""},
        {"sub": "x" * 129},
        {"sub": "x\0"},
        {"sub": "\ud800"},
        *({name: None} for name in ("iss", "aud", "exp", "iat", "sub")),
    ],
    ids=str,
)
def test_a_claim_amiss_is_refused(tokens: Tokens, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(sign(claims(**changes)))


def test_a_wrong_key_is_refused(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(sign(claims(), key=SECOND))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "", None, 5])
def test_no_other_algorithm_is_tried(tokens: Tokens, alg: object) -> None:
    def part(value: object) -> str:
        return encoded(json.dumps(value).encode())

    unsigned = f"{part({'alg': alg, 'kid': 'first', 'typ': 'JWT'})}.{part(claims())}."
    for token in (unsigned, unsigned + encoded(b"\0" * 32)):
        with pytest.raises(Unauthenticated):
            tokens.verify(token)


def test_a_longer_hash_with_the_right_key_is_refused(tokens: Tokens) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(sign(claims(), key=FIRST + FIRST, alg="HS512"))


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "....", "e30.e30.", "ab\udc00.c.d", "bnVsbA.e30.x"])
def test_garbage_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(token)


@pytest.mark.parametrize("kid", ["current", "second", "", "keys", "../first"])
def test_an_unknown_kid_is_refused(tokens: Tokens, kid: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(sign(claims(), kid=kid))


def test_a_new_key_id_is_read_at_once_and_the_old_key_still_verifies(tokens: Tokens, vault: Vault) -> None:
    old, _ = tokens.issue("7", "Ann")
    vault.value = {"current": "second", "first": encoded(FIRST), "second": encoded(SECOND)}
    assert tokens.verify(sign(claims(), key=SECOND, kid="second")).owner == "7"
    assert tokens.verify(old).owner == "7"
    assert vault.reads == 2


def test_after_a_revocation_no_function_issues_a_token_that_others_refuse(vault: Vault, clock: Clock) -> None:
    """The container that signs in has the revoked key in mind; the one asked next has never known it."""
    signs_in, asked = (Tokens(Secrets(clock), "arn", issuer="us", audience="app", clock=clock) for _ in range(2))
    signs_in.verify(signs_in.issue("7", "Ann")[0])
    vault.value = {"current": "second", "second": encoded(SECOND)}
    clock.now += 2.0
    token, _ = signs_in.issue("7", "Ann")
    assert asked.verify(token).owner == "7"


def test_many_sign_ins_at_once_are_one_read(tokens: Tokens, vault: Vault, clock: Clock) -> None:
    for _ in range(5):
        tokens.issue("7", "Ann")
    assert vault.reads == 1
    clock.now += 2.0
    tokens.issue("7", "Ann")
    assert vault.reads == 2


def test_forged_kids_do_not_hammer_the_vault(tokens: Tokens, vault: Vault, clock: Clock) -> None:
    tokens.issue("7", "Ann")
    for number in range(50):
        with pytest.raises(Unauthenticated):
            tokens.verify(sign(claims(), kid=f"forged-{number}"))
    assert vault.reads == 2
    clock.now += tokens_module.PAUSE_BETWEEN_READS
    with pytest.raises(Unauthenticated):
        tokens.verify(sign(claims(), kid="forged"))
    assert vault.reads == 3


def test_keys_may_stand_together(tokens: Tokens, vault: Vault) -> None:
    vault.value = {"current": "k", "keys": {"k": encoded(SECOND)}}
    token, _ = tokens.issue("7", "Ann")
    assert tokens.verify(token).owner == "7"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"current": "first"},
        {"current": "first", "first": encoded(b"short")},
        {"current": "x", "keys": []},
    ],
)
def test_nothing_is_signed_with_a_key_unfit_for_it(tokens: Tokens, vault: Vault, value: dict[str, Any]) -> None:
    vault.value = value
    with pytest.raises(Unavailable):
        tokens.issue("7", "Ann")
    with pytest.raises(Unauthenticated):
        tokens.verify(sign(claims(), key=b"short" * 8))


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TestOutsideIssuer:
    """Tokens of an OpenID Connect issuer: its keys and algorithms, never the API's."""

    @pytest.fixture
    def tokens(
        self,
        vault: Vault,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
        private_key: rsa.RSAPrivateKey,
    ) -> Tokens:
        published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key.public_key()))
        jwks = {"keys": [{**published, "kid": "outside", "use": "sig", "alg": "RS256"}]}
        monkeypatch.setattr(tokens_module, "_jwks_address", lambda _: "https://id.example/keys")
        monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", lambda _: jwks)
        return Tokens(Secrets(clock), "arn", issuer="us", audience="app", oidc_issuer="https://id.example", clock=clock)

    def test_its_token_is_accepted(self, tokens: Tokens, private_key: rsa.RSAPrivateKey) -> None:
        """Its subjects stay apart from the accounts: its 7 is not the account 7."""
        token = sign(claims(iss="https://id.example"), key=private_key, kid="outside", alg="RS256")
        assert tokens.verify(token).owner == "oidc:7"

    def test_it_makes_nobody_an_operator(self, tokens: Tokens, private_key: rsa.RSAPrivateKey) -> None:
        payload = claims(iss="https://id.example", role="operator")
        caller = tokens.verify(sign(payload, key=private_key, kid="outside", alg="RS256"))
        assert (caller.owner, caller.role) == ("oidc:7", None)

    @pytest.mark.parametrize("changes", [{"iss": "us"}, {"aud": "other"}, {"exp": 1}, {"sub": None}], ids=str)
    def test_a_claim_amiss_is_refused(
        self, tokens: Tokens, private_key: rsa.RSAPrivateKey, changes: dict[str, Any]
    ) -> None:
        payload = claims(**{"iss": "https://id.example", **changes})
        with pytest.raises(Unauthenticated):
            tokens.verify(sign(payload, key=private_key, kid="outside", alg="RS256"))

    def test_its_public_key_is_no_stored_secret(self, tokens: Tokens, private_key: rsa.RSAPrivateKey) -> None:
        modulus = private_key.public_key().public_numbers().n.to_bytes(256, "big")
        for issuer in ("us", "https://id.example"):
            with pytest.raises(Unauthenticated):
                tokens.verify(sign(claims(iss=issuer), key=modulus, kid="outside"))

    def test_our_issuer_name_needs_our_key(self, tokens: Tokens) -> None:
        with pytest.raises(Unauthenticated):
            tokens.verify(sign(claims(iss="https://id.example")))
