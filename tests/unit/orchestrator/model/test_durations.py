"""Durations as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from fractions import Fraction
from typing import Any

import pytest

from orchestrator.model.durations import LONGEST, seconds_of
from orchestrator.model.errors import RetryAfter


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (30, 30),
        (0.5, 0.5),
        (-1, 0),
        (Decimal("2.5"), 2.5),
        (Fraction(1, 2), 0.5),
        (timedelta(minutes=2), 120),
        ("120", 120),
        (" 1.5 s ", 1.5),
        ("2h", 7_200),
        ("366d", LONGEST),
    ],
)
def test_valid_durations(value: Any, seconds: float) -> None:
    assert seconds_of(value) == seconds


def test_the_date_of_a_retry_after_header_is_one() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=100)
    assert seconds_of(format_datetime(moment, usegmt=True)) == pytest.approx(100, abs=2)
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0


class Unreadable:
    def __repr__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    "value",
    [
        float("inf"),
        float("nan"),
        Decimal("NaN"),
        Decimal("1e400"),
        10**400,
        LONGEST + 1,
        1.8e12,
        timedelta.max,
        "soon",
        "",
        "9" * 400,
        "367d",
        "Wed, 21 Oct 9999 07:28:00 GMT",
        None,
        True,
        [],
        b"30",
        Unreadable(),
    ],
)
def test_nonsense_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"not a duration|too long"):
        RetryAfter(value, "busy")
