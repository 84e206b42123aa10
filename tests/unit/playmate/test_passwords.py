from __future__ import annotations

from playmate.passwords import NOBODY, hash_password, needs_new_hash, password_matches


def test_argon2id_and_right_or_wrong() -> None:
    stored = hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert password_matches(stored, "correct horse")
    assert not password_matches(stored, "Correct horse")
    assert not needs_new_hash(stored)


def test_nobody_costs_what_somebody_costs() -> None:
    assert not needs_new_hash(NOBODY)
    assert not password_matches(None, "")
    assert not password_matches("not a hash", "x")
