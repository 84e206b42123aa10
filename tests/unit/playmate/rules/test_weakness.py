from __future__ import annotations

import pytest

from playmate.rules.weakness import weakness


@pytest.mark.parametrize("password", ["", "seven77", "password", "QWERTY123", "aaabbbccc", "amira", "Amira Bell"])
def test_weak(password: str) -> None:
    assert weakness(password, "amira bell")


@pytest.mark.parametrize("password", ["playdate-1", "correct horse battery", "été chaud", "Tr0ub4dor"])
def test_good_enough(password: str) -> None:
    assert weakness(password, "amira bell", "amira@example.com") is None
