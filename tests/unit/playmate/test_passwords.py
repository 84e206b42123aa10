from __future__ import annotations

from argon2 import PasswordHasher

from playmate.passwords import LANES, MEMORY, NOBODY, PASSES, hash_password, needs_new_hash, password_matches


def test_argon2id_and_right_or_wrong() -> None:
    stored = hash_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert password_matches(stored, "correct horse")
    assert not password_matches(stored, "Correct horse")
    assert not needs_new_hash(stored, "correct horse")


def test_an_unknown_account_costs_as_much_time_as_a_known_one() -> None:
    assert not needs_new_hash(NOBODY, "x")
    assert not password_matches(None, "")
    assert not password_matches("not a hash", "x")


def test_another_normal_form_is_the_same_password() -> None:
    composed, decomposed = "Grün 8 Häuser", "Gru\u0308n 8 Ha\u0308user"
    for typed in (composed, decomposed):
        assert password_matches(hash_password(typed), composed)
        assert password_matches(hash_password(typed), decomposed)


def test_a_hash_of_the_password_as_it_was_typed_is_accepted_and_replaced() -> None:
    decomposed = "Gru\u0308n 8 Ha\u0308user"
    old = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES).hash(decomposed)
    assert password_matches(old, decomposed)
    assert needs_new_hash(old, decomposed)
    assert not needs_new_hash(hash_password(decomposed), decomposed)
