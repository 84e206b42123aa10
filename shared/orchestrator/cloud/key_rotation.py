"""Rotation of the keys that sign access tokens, in a way that no request notices.

The secret holds the key that signs (`current`), the one that will (`next`), and those that did (`retired`, with when).
A rotation lets `next` sign, which every container has known since the rotation before, and publishes a new `next`.
A retired key verifies for as long as a token it signed can live.
"""

from __future__ import annotations

import json
import secrets as randomness
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from orchestrator.cloud import rotation
from orchestrator.cloud.clients import call
from orchestrator.cloud.rotation import Rotation

#: Random bytes of a key.
KEY_BYTES = 48
#: Names in the secret that are no keys.
RESERVED = frozenset({"current", "next", "retired", "keys"})


def rotated(secret: Mapping[str, Any], *, now: float, token_life: float, revoke: bool = False) -> dict[str, Any]:
    """The secret after a rotation. `revoke`: no key from before is good any more, and everybody signs in anew."""
    keys = {} if revoke else _keys(secret)
    retired = {} if revoke else dict(secret.get("retired", {}))
    before = secret.get("current")
    if before in keys:
        retired[before] = now
    for kid in [kid for kid, since in retired.items() if now - since > token_life]:
        keys.pop(kid, None)
        del retired[kid]
    current = secret["next"] if secret.get("next") in keys else _add(keys)
    upcoming = _add(keys)
    return {"current": current, "next": upcoming, "retired": retired, "keys": keys}


def rotate_now(arn: str, *, token_life: float, revoke: bool = False) -> str:
    """Rotates at once, without the staged steps; answers the id of the key that signs from now on."""
    before = rotation.read(arn, VersionStage="AWSCURRENT")
    secret = rotated(before, now=time.time(), token_life=token_life, revoke=revoke)
    call("secretsmanager", "put_secret_value", SecretId=arn, SecretString=json.dumps(secret))
    return str(secret["current"])


def take_step(step: str, arn: str, version: str, *, token_life: float) -> None:
    """One step of Secrets Manager's rotation."""
    steps = Rotation(create=lambda current: rotated(current, now=time.time(), token_life=token_life), test=_test)
    rotation.take_step(steps, step, arn, version)


def _test(secret: Mapping[str, Any]) -> None:
    """Signs and verifies with the secret. Raises when a token of its would not be taken."""
    import jwt

    for kid in (secret["current"], secret["next"]):
        key = secret["keys"][kid].encode()
        jwt.decode(jwt.encode({"sub": "rotation"}, key, algorithm="HS256"), key, algorithms=["HS256"])


def _keys(secret: Mapping[str, Any]) -> dict[str, str]:
    """The keys by id, from either form of the secret (a template can only make the flat one)."""
    found = secret.get("keys", secret)
    return {kid: key for kid, key in found.items() if kid not in RESERVED and isinstance(key, str)}


def _add(keys: dict[str, str]) -> str:
    kid = uuid4().hex[:12]
    keys[kid] = randomness.token_urlsafe(KEY_BYTES)
    return kid
