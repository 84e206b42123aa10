"""Rotation of the keys that sign access tokens, in a way that no request notices.

The secret has the key that signs (`current`), the one that will (`next`), and those that did (`retired`, with a time).
A rotation lets `next` sign, which every container has known since the rotation before, and publishes a new `next`.
A retired key verifies for as long as a token it signed can live. Beside them stands the `pepper`, which outlives
rotations: data sealed with it must be readable for longer than a token lives.
"""

from __future__ import annotations

import hmac
import json
import secrets as randomness
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from orchestrator.aws import secret_rotation
from orchestrator.aws.clients import CloudError, call
from orchestrator.aws.secret_rotation import Rotation
from orchestrator.aws.secrets import MAX_AGE

#: Random bytes of a key.
KEY_BYTES = 48
#: Names in the secret that are no keys.
RESERVED = frozenset({"current", "next", "retired", "keys", "pepper"})
#: Seconds from a rotation's first step to its last: one that takes longer is given up, and begins anew.
LONGEST_ROTATION = 3_600.0
#: Seconds a retired key is good for beyond its tokens' life. It is retired when the first step comes, and signs until
#: the last has come and every container has read the secret again; the rest is for clocks that differ.
GRACE = LONGEST_ROTATION + MAX_AGE + 300.0
#: Label of a version that is to become the current one at once.
_CHOSEN = "CHOSEN"
#: How often an operator's rotation begins anew because another came first.
TRIES = 5


def retirement_ends(since: float, token_life: float) -> float:
    """Return the time until which a key retired at `since` verifies tokens."""
    return since + token_life + GRACE


def rotated(secret: Mapping[str, Any], *, now: float, token_life: float, revoke: bool = False) -> dict[str, Any]:
    """Return the secret after a rotation. `revoke`: no earlier key verifies, so that all users sign in again."""
    keys = {} if revoke else _keys(secret)
    retired = {} if revoke else dict(secret.get("retired", {}))
    before = secret.get("current")
    if before in keys:
        retired[before] = now
    for kid in [kid for kid, since in retired.items() if now > retirement_ends(since, token_life)]:
        keys.pop(kid, None)
        del retired[kid]
    current = secret["next"] if secret.get("next") in keys else _add(keys)
    upcoming = _add(keys)
    lasting = randomness.token_urlsafe(KEY_BYTES) if revoke else pepper(secret)
    return {"current": current, "next": upcoming, "retired": retired, "keys": keys, "pepper": lasting}


def pepper(secret: Mapping[str, Any]) -> str:
    """Return the key of data that outlives a token. Until the first rotation it is derived from a signing key."""
    known = secret.get("pepper")
    if isinstance(known, str):
        return known
    first = _keys(secret).get(str(secret.get("current")), "")
    return hmac.new(first.encode(), b"pepper", "sha256").hexdigest()


def rotate_now(arn: str, *, token_life: float, revoke: bool = False) -> str:
    """Rotate at once, without the staged steps; return the id of the key that signs from now on.

    Over the version that was read and no other: else one that was read before a revocation would undo it.
    """
    for tries in range(1, TRIES + 1):
        version, before = secret_rotation.read_version(arn, VersionStage="AWSCURRENT")
        secret = rotated(before, now=time.time(), token_life=token_life, revoke=revoke)
        made = call(
            "secretsmanager",
            "put_secret_value",
            SecretId=arn,
            SecretString=json.dumps(secret),
            VersionStages=[_CHOSEN],
        )
        try:
            secret_rotation.make_current(arn, made["VersionId"], instead_of=version)
        except CloudError:
            now_current, _ = secret_rotation.read_version(arn, VersionStage="AWSCURRENT")
            if now_current == version or tries == TRIES:
                raise
            if now_current != made["VersionId"]:
                continue
        return str(secret["current"])
    raise AssertionError("unreachable")


def take_step(step: str, arn: str, version: str, *, token_life: float) -> None:
    """Take one step of Secrets Manager's rotation."""
    steps = Rotation(
        create=lambda current: rotated(current, now=time.time(), token_life=token_life),
        test=_test,
        may_follow=_may_follow,
    )
    secret_rotation.take_step(steps, step, arn, version)


def _may_follow(current: Mapping[str, Any], pending: Mapping[str, Any]) -> bool:
    """Return whether the pending secret retires the current key, and did so not long ago. A revocation does not."""
    since = pending.get("retired", {}).get(current["current"])
    return since is not None and time.time() <= since + LONGEST_ROTATION


def _test(secret: Mapping[str, Any]) -> None:
    """Sign and verify with the secret. Raise when a token that it signs would be refused."""
    import jwt

    for kid in (secret["current"], secret["next"]):
        key = secret["keys"][kid].encode()
        jwt.decode(jwt.encode({"sub": "rotation"}, key, algorithm="HS256"), key, algorithms=["HS256"])


def _keys(secret: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys by id, from either form of the secret (a template can only make the flat one)."""
    found = secret.get("keys", secret)
    return {kid: key for kid, key in found.items() if kid not in RESERVED and isinstance(key, str)}


def _add(keys: dict[str, str]) -> str:
    kid = uuid4().hex[:12]
    keys[kid] = randomness.token_urlsafe(KEY_BYTES)
    return kid
