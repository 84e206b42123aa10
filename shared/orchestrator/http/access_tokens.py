"""JSON Web Tokens: the API's own (HS256, keys by `kid` from a secret) and, where set, one outside issuer's."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from orchestrator import web_request
from orchestrator.aws.clients import CloudError
from orchestrator.aws.secrets import Secrets
from orchestrator.aws.token_key_rotation import RESERVED, pepper, retirement_ends
from orchestrator.model.errors import Unauthenticated, Unavailable
from orchestrator.model.session import Session
from orchestrator.observability import logger
from orchestrator.store.owners import SYSTEM_OWNER

if TYPE_CHECKING:
    from jwt import PyJWKClient

#: Seconds for which a token of the API, and the cookie that carries it, is valid.
LIFETIME = 20 * 60
#: Seconds two machines' clocks may differ.
LEEWAY = 5
#: Seconds between two forced reads for an unknown `kid`, so that forged tokens cannot flood Secrets Manager.
PAUSE_BETWEEN_READS = 10.0
#: Bytes an HS256 key has at least.
SHORTEST_KEY = 32
#: Bytes a subject has at most: it becomes an owner, and a queue's message group.
LONGEST_SUBJECT = 128
#: Characters of a name that are kept of a token, and of its id.
LONGEST_NAME = 80

OUR_ALGORITHM = "HS256"
OUTSIDE_ALGORITHMS = ("RS256", "ES256")
#: Before an outside issuer's subjects, so that the API never takes one for an account's id.
OUTSIDE_PREFIX = "oidc:"
ROLES = ("operator",)


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller, as the access token names them."""

    owner: str
    name: str
    role: str | None
    expires_at: float
    #: The id of its session, or of the token itself; None for an outside token without an id.
    session: str | None = None
    #: Of the session; None for an outside issuer's token.
    generation: int | None = None
    #: Time of the sign-in (epoch seconds); None for an outside issuer's token.
    signed_in_at: float | None = None


class Tokens:
    """Issues and verifies. A token names its algorithm, yet only the two sets above are ever tried."""

    def __init__(
        self,
        secrets: Secrets,
        secret_arn: str,
        *,
        issuer: str,
        audience: str,
        oidc_issuer: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secrets = secrets
        self._secret_arn = secret_arn
        self._issuer = issuer
        self._audience = audience
        self._oidc_issuer = oidc_issuer
        self._clock = clock
        self._next_read = float("-inf")

    def issue(self, owner: str, name: str, role: str | None = None, session: Session | None = None) -> tuple[str, int]:
        """Return a signed token and its life in seconds. Without a `session` it begins a new one of generation 0.

        The keys are read again: after a revocation, other containers refuse tokens of the remembered key.
        """
        import jwt

        self.read_keys()
        kid, key, _ = self._signing()
        now, session = int(time.time()), session or Session()
        life = min(LIFETIME, int(session.ends_at) - now)
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": owner,
            "name": name,
            "iat": now,
            "exp": now + life,
            "jti": uuid4().hex,
            "sid": session.id,
            "gen": session.generation,
            "auth_time": int(session.began_at),
        }
        if role is not None:
            claims["role"] = role
        return jwt.encode(claims, key, algorithm=OUR_ALGORITHM, headers={"kid": kid}), life

    def read_keys(self) -> None:
        """Read the keys again, at most once a second: verification then refuses revoked tokens."""
        self._secrets.latest(self._secret_arn)

    def digest(self, *parts: str) -> str:
        """Return 32 hex digits that need the secret to compute; a rotation does not change them."""
        _, _, lasting = self._signing()
        text = "\x00".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(lasting.encode(), text, "sha256").hexdigest()[:32]

    def _signing(self) -> tuple[str, bytes, str]:
        """Return the id of the signing key, the key, and the pepper, which outlives rotations."""
        secret = self._secrets.get_json(self._secret_arn)
        kid = str(secret.get("current", ""))
        key = _key(secret, kid)
        if key is None:
            logger.error("the token secret's current key is missing or too short", kid=kid)
            raise Unavailable("Signing in is away for the moment. Please try again.")
        return kid, key, pepper(secret)

    def verify(self, token: str) -> Identity:
        """Return the caller. Raise Unauthenticated, which never names the check that failed."""
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            claims = self._claims(token, header)
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable("The identity provider is away. Please try again.") from error
        except (jwt.PyJWTError, UnicodeError) as error:
            logger.info("token refused", reason=type(error).__name__)
            raise Unauthenticated("The access token is not valid.") from error
        return _identity(claims)

    def _claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        algorithm = header.get("alg")
        if algorithm == OUR_ALGORITHM:
            return self._decode(token, self._our_key(header.get("kid")), [OUR_ALGORITHM], self._issuer)
        if algorithm in OUTSIDE_ALGORITHMS and self._oidc_issuer:
            key = self._outside_keys.get_signing_key_from_jwt(token)
            claims = self._decode(token, key, list(OUTSIDE_ALGORITHMS), self._oidc_issuer)
            return {**claims, "sub": OUTSIDE_PREFIX + claims["sub"], "role": None, "sid": None, "gen": None}
        raise Unauthenticated("The access token is not valid.")

    def _decode(self, token: str, key: Any, algorithms: list[str], issuer: str) -> dict[str, Any]:
        import jwt

        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=issuer,
            audience=self._audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return claims

    def _our_key(self, kid: object) -> bytes:
        key = _key(self._secrets.get_json(self._secret_arn), kid)
        if key is None and self._clock() >= self._next_read:
            self._next_read = self._clock() + PAUSE_BETWEEN_READS
            key = _key(self._secrets.refresh(self._secret_arn), kid)
        if key is None:
            raise Unauthenticated("The access token is not valid.")
        return key

    @cached_property
    def _outside_keys(self) -> PyJWKClient:
        from jwt import PyJWKClient

        return PyJWKClient(_jwks_address(self._oidc_issuer), cache_jwk_set=True, lifespan=300, timeout=5)


def _key(secret: Mapping[str, Any], kid: object) -> bytes | None:
    """Return the key of that id, or None where there is none fit for use.

    The keys stand beside `current`, as a template can generate the first of them, or together under `keys`.
    """
    keys = secret.get("keys", secret)
    encoded = keys.get(kid) if isinstance(keys, dict) and isinstance(kid, str) and kid not in RESERVED else None
    retired = secret.get("retired", {}).get(kid)
    if not isinstance(encoded, str) or (
        retired is not None and time.time() > retirement_ends(retired, LIFETIME + LEEWAY)
    ):
        return None
    try:
        key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (binascii.Error, ValueError):
        return None
    return key if len(key) >= SHORTEST_KEY else None


def _identity(claims: Mapping[str, Any]) -> Identity:
    """Return the identity of claims. An external issuer's may be anything, so each is bounded and made printable."""
    subject, role = claims["sub"], claims.get("role")
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject.encode()) <= LONGEST_SUBJECT:
        raise Unauthenticated("The access token is not valid.")
    if subject == SYSTEM_OWNER:
        raise Unauthenticated("The access token is not valid.")
    return Identity(
        owner=subject,
        name=_printable(claims.get("name")),
        role=role if role in ROLES else None,
        expires_at=float(claims["exp"]),
        session=_printable(claims.get("sid")) or _printable(claims.get("jti")) or None,
        generation=None if subject.startswith(OUTSIDE_PREFIX) else _whole(claims.get("gen")),
        signed_in_at=None if subject.startswith(OUTSIDE_PREFIX) else float(_whole(claims.get("auth_time"))),
    )


def _whole(value: object) -> int:
    """Return a claim that the API adds; tokens of earlier code have none."""
    return value if isinstance(value, int) else 0


def _printable(value: object) -> str:
    text = value[: LONGEST_NAME * 4] if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable())[:LONGEST_NAME].strip()


def _jwks_address(issuer: str) -> str:
    """Return the address of the issuer's keys, from its own discovery document."""
    import json

    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        return str(json.loads(web_request.send("GET", address, seconds=5))["jwks_uri"])
    except (OSError, ValueError, KeyError) as error:
        raise CloudError("oidc", "discovery", type(error).__name__) from error
