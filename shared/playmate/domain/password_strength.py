"""When a password is too weak to be one."""

from __future__ import annotations

from collections.abc import Iterator

SHORTEST = 8
#: Guesses that a password must be worth: from everywhere together some thousands a day are let through.
FEWEST_GUESSES = 1_000_000
#: Characters that are weighed; what follows makes a password no weaker.
WEIGHED = 72


def weakness(password: str, *personal: str) -> str | None:
    """Why the password is too weak, in words; None when it will do. `personal`: what everybody knows of its owner."""
    from zxcvbn import zxcvbn  # its word lists are read by who signs up alone

    if len(password) < SHORTEST:
        return f"must have at least {SHORTEST} characters"
    known = [*personal, *(part for word in personal for part in _parts(word))]
    if _letters(password) in {_letters(word) for word in known} - {""}:
        return "must not be the name or the e-mail address"
    if zxcvbn(password[:WEIGHED], user_inputs=known)["guesses"] < FEWEST_GUESSES:
        return "is too easy to guess"
    return None


def _parts(word: str) -> Iterator[str]:
    """Of a name its names, of an address what stands before the @."""
    yield word.partition("@")[0]
    yield from word.split()


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalpha())
