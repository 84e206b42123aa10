"""The world outside, which tests play."""

from __future__ import annotations


def charge(amount: int, key: str | None = None) -> dict[str, int]:
    raise AssertionError("a test plays this")
