"""The rule of an idempotency key, for HTTP, the engine and the OpenAPI document alike.

A caller's key has no spaces. Code of the application may use a key with one: no caller can send it, and so nobody can
take it before.
"""

from __future__ import annotations

import re

#: Characters of a key; the database's rule `task_key_short` has the same bound.
LONGEST_KEY = 200
#: Of a caller's key, as a JSON schema writes it: printable ASCII without spaces.
KEY_PATTERN = "^[!-~]+$"
#: The message about a caller's key that breaks the rule, and about one of the application.
KEY_RULE = f"must be 1 to {LONGEST_KEY} printable ASCII characters without spaces"
STORED_KEY_RULE = f"must be 1 to {LONGEST_KEY} printable characters"

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


def is_callers_key(key: str) -> bool:
    """Return whether a caller may send this key."""
    return _KEY.fullmatch(key) is not None


def is_stored_key(key: str) -> bool:
    """Return whether a task can be submitted under this key, by a caller or by the application."""
    return 1 <= len(key) <= LONGEST_KEY and key.isprintable()
