"""Buckets that refill: who did something how often lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.store.db import Connection, load_queries

_SQL = load_queries("orchestrator.store", "rate_limits")


@dataclass(frozen=True, slots=True)
class Bucket:
    """`burst` at once, and one more every `gap` seconds. `for_strangers`: only where the place is not known."""

    key: str
    gap: float
    burst: float
    for_strangers: bool = False


def take(conn: Connection, buckets: Sequence[Bucket], known: str = "") -> float | None:
    """Takes one from each; the seconds to wait when one of them is empty, else None."""
    row = conn.execute(
        _SQL["take"],
        {
            "keys": [bucket.key for bucket in buckets],
            "gaps": [bucket.gap for bucket in buckets],
            "bursts": [bucket.burst for bucket in buckets],
            "strangers": [bucket.for_strangers for bucket in buckets],
            "known": known,
        },
    ).fetchone()
    return row["wait"] if row else None


def forgive(conn: Connection, key: str, known: str, days: int) -> None:
    """Forgets what was taken from a bucket, and knows the place for so many days."""
    conn.execute(_SQL["forgive"], {"key": key, "known": known, "days": days})


def prune(conn: Connection) -> None:
    conn.execute(_SQL["prune_limits"])
