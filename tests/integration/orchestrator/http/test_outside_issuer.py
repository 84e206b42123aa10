"""An OpenID Connect issuer as it is met in the wild: discovery, published keys, rotation, outage."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.aws import secrets as secrets_module
from orchestrator.aws.secrets import Secrets
from orchestrator.http.access_tokens import Tokens
from orchestrator.model.errors import Unauthenticated, Unavailable


class Issuer:
    """Publishes its keys on a port of this machine and count the requests for them."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.asked: list[str] = []
        outer = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                body = json.dumps(outer.page(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.add_key("first")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add_key(self, kid: str) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def page(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        published = {kid: jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()) for kid, key in self.keys.items()}
        return {"keys": [{**json.loads(key), "kid": kid, "use": "sig"} for kid, key in published.items()]}

    def token(self, kid: str = "first", **changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": "app", "sub": "u-1", "iat": now, "exp": now + 60, **changes}
        return jwt.encode(claims, self.keys[kid], algorithm="ES256", headers={"kid": kid})

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    running = Issuer()
    yield running
    running.close()


@pytest.fixture
def tokens(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Tokens:
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"current": "k", "k": "A" * 64})
    return Tokens(Secrets(), "arn", issuer="us", audience="app", oidc_issuer=issuer.url)


def test_its_people_are_known_by_its_published_keys(tokens: Tokens, issuer: Issuer) -> None:
    assert [tokens.verify(issuer.token()).owner for _ in range(5)] == ["oidc:u-1"] * 5
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_forged_kids_do_not_hammer_it(tokens: Tokens, issuer: Issuer) -> None:
    tokens.verify(issuer.token())
    forged = ec.generate_private_key(ec.SECP256R1())
    for number in range(20):
        token = jwt.encode({"sub": "u-1"}, forged, algorithm="ES256", headers={"kid": f"forged-{number}"})
        with pytest.raises(Unauthenticated):
            tokens.verify(token)
    assert len(issuer.asked) <= 3


def test_while_it_is_away_known_keys_still_serve(tokens: Tokens, issuer: Issuer) -> None:
    token = issuer.token()
    tokens.verify(token)
    issuer.close()
    assert tokens.verify(token).owner == "oidc:u-1"


def test_an_issuer_away_from_the_start_is_unavailable_and_own_keys_still_serve(tokens: Tokens, issuer: Issuer) -> None:
    token = issuer.token()
    issuer.close()
    with pytest.raises(Unavailable):
        tokens.verify(token)
    own, _ = tokens.issue("7", "Ann")
    assert tokens.verify(own).owner == "7"
