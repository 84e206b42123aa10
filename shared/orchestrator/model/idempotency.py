"""The rule of an idempotency key, for HTTP, the engine and the OpenAPI document alike."""

from __future__ import annotations

import re

#: Characters of a key; the database's constraint `task_key_short` has the same bound.
LONGEST_KEY = 200
#: Printable ASCII without spaces, as a JSON schema writes it.
KEY_PATTERN = "^[!-~]+$"
#: What a key that breaks the rule is told.
KEY_RULE = f"must be 1 to {LONGEST_KEY} printable ASCII characters without spaces"

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


def is_valid_key(key: str) -> bool:
    """Return whether a task can be submitted under this key."""
    return _KEY.fullmatch(key) is not None
