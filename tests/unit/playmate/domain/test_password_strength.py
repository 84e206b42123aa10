from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from playmate.domain.password_strength import weakness
from playmate.passwords import hash_password
from tools.virtualenvs import ROOT


@pytest.mark.parametrize(
    "password",
    [
        *("", "seven77", "password", "QWERTY123", "aaabbbccc"),
        *(
            "Password123!",
            "P@ssw0rd",
            "letmein2024",
            "sunshine99",
            "1q2w3e4r5t",
            "abcdefghijkl",
            "19870312",
            "hunter2hunter2",
        ),
    ],
)
def test_common_passwords(password: str) -> None:
    assert weakness(password, "amira bell")


@pytest.mark.parametrize(
    "password",
    ["Amira Bell", "amira2024!", "AMIRA-BELL", "bell12345", "amira@example.com", "a.bell1999", "*a-bell-99*"],
)
def test_passwords_from_public_facts(password: str) -> None:
    assert weakness(password, "amira bell", "amira@example.com", "a.bell@example.com")


@pytest.mark.parametrize(
    "password",
    [
        "playdate-1",
        "correct horse battery",
        "été chaud",
        "Tr0ub4dor",
        "x7#kQ2" * 100,
        "猫と犬と鳥と魚と花",
        "\0" * 7 + "ab-c",
    ],
)
def test_good_enough(password: str) -> None:
    assert weakness(password, "amira bell", "amira@example.com") is None


def test_a_name_without_letters_forbids_nothing() -> None:
    assert weakness("9417 5528 60", "42", "") is None


def test_the_lists_are_loaded_by_sign_up_alone() -> None:
    """They take 50 ms."""
    code = "import sys, playmate.routes.auth, playmate.schemas.shapes; sys.exit('zxcvbn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "shared")})


def test_the_worst_password_costs_no_more_than_its_hash() -> None:
    """Each symbol can replace several characters, and the rating tries all readings."""
    worst = "2!(+%@50$19|4{763<8[%7+9" * 3

    def seconds(call: Callable[[], object]) -> float:
        before = time.process_time()
        call()
        return time.process_time() - before

    weakness("warms the word lists up")
    rated = min(seconds(lambda: weakness(worst, "amira bell", "amira@example.com")) for _ in range(3))
    hashed = min(seconds(lambda: hash_password(worst)) for _ in range(3))
    assert rated < 3 * hashed, f"{rated:.3f} s, {hashed:.3f} s"
