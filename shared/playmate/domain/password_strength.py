"""The rules that refuse a weak password."""

from __future__ import annotations

from collections.abc import Iterator

SHORTEST = 8
#: Guesses that a password must withstand. The sign-in limits allow an account some thousands of guesses a day.
FEWEST_GUESSES = 1_000_000
#: Characters that are rated. Further characters never make a password weaker, and zxcvbn tries every reading of symbols
#: that stand for characters: the worst 16 characters cost 0.06 s of CPU time, the worst 72 more than 2 s.
RATED = 16


def weakness(password: str, *personal: str) -> str | None:
    """Return why the password is too weak, or None. `personal`: the owner's name and address, which are known."""
    from zxcvbn import zxcvbn  # reads its lists at import: only a sign-up needs them

    if len(password) < SHORTEST:
        return f"must have at least {SHORTEST} characters"
    known = [*personal, *(part for word in personal for part in _parts(word))]
    if _only_letters(password) in {_only_letters(word) for word in known} - {""}:
        return "must not be the name or the e-mail address"
    if zxcvbn(password[:RATED], user_inputs=known)["guesses"] < FEWEST_GUESSES:
        return "is too easy to guess"
    return None


def _parts(word: str) -> Iterator[str]:
    """Yield the parts of a name, and the part of an address before the @."""
    yield word.partition("@")[0]
    yield from word.split()


def _only_letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalpha())
