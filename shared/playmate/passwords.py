"""Passwords: argon2id of their NFC form, and the same work whether or not the account exists."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: KiB, passes, lanes: the second recommendation of RFC 9106.
MEMORY, PASSES, LANES = 64 * 1024, 3, 4

#: Hash of a random password with the same parameters: the password of an unknown user is checked against it.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$PYZE7L9iLcSjFzhc2a4JmA$A3lLXbfmXZAzOPaedYemDCm2hWeP2XzObgfSjsgxJGA"


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES)


def hash_password(password: str) -> str:
    """Return the hash of the password's NFC form, which is the same on every device (RFC 8265)."""
    return _hasher().hash(_composed(password))


def password_matches(stored: str | None, password: str) -> bool:
    """Return whether the password is the stored one, in any normal form; earlier code hashed it as it was typed.

    Needs the same time for a wrong password and for no account (`stored` is None).
    """
    composed = _composed(password)
    return _verify(stored, composed) or (composed != password and _verify(stored, password))


def needs_new_hash(stored: str, password: str) -> bool:
    """Return whether the hash of this matching password has weaker parameters than today's, or another normal form."""
    composed = _composed(password)
    return _hasher().check_needs_rehash(stored) or (composed != password and not _verify(stored, composed))


def _verify(stored: str | None, password: str) -> bool:
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(stored or NOBODY, password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def _composed(password: str) -> str:
    return unicodedata.normalize("NFC", password)
