"""Durations as people write them: seconds, timedeltas, short texts and HTTP dates."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from fractions import Fraction

#: Seconds (int, float, Decimal, Fraction), a timedelta, or a text: "30", "2h", or the date of a Retry-After header.
Duration = float | Decimal | Fraction | timedelta | str

#: Seconds that any wait may take, and the longest life of a task: 366 days.
LONGEST = 366 * 86_400.0

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_TEXT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([smhd]?)", re.ASCII)


def seconds_of(value: Duration) -> float:
    """Return `value` in seconds, from 0 to `LONGEST`. Raise ValueError for anything else."""
    try:
        seconds = _seconds(value)
    except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
        raise ValueError(f"not a duration: {_shown(value)}; pass seconds, a timedelta or a Retry-After text") from error
    if not math.isfinite(seconds) or seconds > LONGEST:
        raise ValueError(f"too long: {_shown(value)}; a task waits for 366 days at most, and numbers are in seconds")
    return max(0.0, seconds)


def _seconds(value: Duration) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        found = _TEXT.fullmatch(value.strip())
        if found:
            return float(found.group(1)) * _UNITS[found.group(2)]
        moment = parsedate_to_datetime(value)
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    if not isinstance(value, int | float | Decimal | Fraction) or isinstance(value, bool):
        raise TypeError("not a number")
    return float(value)


def _shown(value: object) -> str:
    try:
        return repr(value)[:60]
    except Exception:  # a value's own repr may fail
        return type(value).__name__
