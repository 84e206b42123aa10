"""Passwords: argon2id, and the same work whether or not the account exists."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: KiB, passes, lanes: the second recommendation of RFC 9106.
MEMORY, PASSES, LANES = 64 * 1024, 3, 4

#: Hash of a thrown-away password, same parameters: what an unknown user's password is checked against.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$PYZE7L9iLcSjFzhc2a4JmA$A3lLXbfmXZAzOPaedYemDCm2hWeP2XzObgfSjsgxJGA"


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES)


def hash_password(password: str) -> str:
    return _hasher().hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Takes the same time for a wrong password and for no account (`stored` is None)."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(stored or NOBODY, password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def needs_new_hash(stored: str) -> bool:
    """True for a hash made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(stored)
