"""When a password is too weak to be one."""

from __future__ import annotations

SHORTEST = 8

#: The first that anyone tries.
COMMON = frozenset(
    {
        "12345678",
        "123456789",
        "1234567890",
        "abcd1234",
        "iloveyou",
        "letmein1",
        "passw0rd",
        "password",
        "password1",
        "password12",
        "password123",
        "qwerty12",
        "qwerty123",
        "qwertyuiop",
        "sunshine",
        "welcome1",
    }
)


def weakness(password: str, *personal: str) -> str | None:
    """Why the password is too weak, in words; None when it will do. `personal`: what everybody knows of its owner."""
    folded = password.casefold()
    if len(password) < SHORTEST:
        return f"must have at least {SHORTEST} characters"
    if len(set(folded)) < 4 or folded in COMMON:
        return "is too easy to guess"
    if any(folded == word.casefold() for word in personal):
        return "must not be the name or the e-mail address"
    return None
