"""Nonsense to the operators' routes is refused, and never an internal error."""

from __future__ import annotations

import random
from typing import Any

from tests.support.gateway import Caller

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 99_999_999_999_999_999_999),
    *("", "x", "a" * 5_000, "\u0000", "é", "2030-01-01T00:00:00Z"),
    *([], {}, [1], ["a"], {"a": 1}),
)
FIELDS = (
    *("ids", "type", "fingerprint", "version", "all", "dryRun", "canary", "rate", "reason"),
    *("on", "percent", "owners", "forget", "gradual", "revoke", "markdown", "deployment", "unknown"),
    *("owner", "status", "state", "trace", "since", "until", "preview"),
)
ROUTES = (
    *("/ops/dead-letters/redrive", "/ops/dead-letters/discard", "/ops/knowledge", "/ops/secrets/jwt/rotate"),
    *("/ops/rollout/abort", "/ops/redrives/00000000-0000-0000-0000-000000000000/advance", "/ops/tasks/cancel"),
)
ODD = ("", "x", "0", "-1", "9" * 30, "ended", "9999d", "%00", "%F0%9F", "01a2038a-a286-7de5-9919-cd81acca16c5")


def test_bodies(operator: Caller) -> None:
    chance = random.Random(7)
    for _ in range(300):
        body = {chance.choice(FIELDS): chance.choice(VALUES) for _ in range(chance.randint(0, 4))}
        for method, path in (("POST", chance.choice(ROUTES)), ("PUT", "/ops/flags/echo")):
            answer = operator.send(method, path, data=body)
            assert answer.status < 500, (path, body, answer.text)


def test_queries(operator: Caller) -> None:
    chance = random.Random(7)
    names = (
        *("type", "fingerprint", "version", "limit", "cursor", "owner", "status", "actor", "action"),
        *("state", "order", "trace", "since", "until", "hours"),
    )
    for _ in range(150):
        query = "&".join(f"{chance.choice(names)}={chance.choice(ODD)}" for _ in range(2))
        for path in ("/ops/tasks", "/ops/dead-letters", "/ops/audit", "/ops/redrives", "/ops/stats", "/ops/history"):
            answer = operator.get(f"{path}?{query}")
            assert answer.status < 500, (path, query, answer.text)
