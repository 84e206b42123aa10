"""Token buckets: limits of how often something may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all

_SQL = load_queries("orchestrator.store", "rate_limits")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of `burst` tokens that gets one back every `gap` seconds; `amount` is the number to take."""

    key: str
    burst: float
    gap: float
    amount: float = 1.0

    @property
    def cost(self) -> float:
        """Return the seconds until the taken tokens are back."""
        return self.amount * self.gap


@dataclass(frozen=True, slots=True)
class Taken:
    """`wait`: seconds until the tokens are there, None when they were; `levels`: seconds until each bucket is full."""

    wait: float | None
    levels: Mapping[str, float]
    known: bool


def take(conn: Connection, buckets: Sequence[Bucket], known: str = "") -> Taken:
    """Take from every bucket, or from none when one has too few tokens."""
    values = {
        "keys": [bucket.key for bucket in buckets],
        "costs": [bucket.cost for bucket in buckets],
        "sizes": [bucket.gap * bucket.burst for bucket in buckets],
        "known": known,
    }
    (taken,) = fetch_all(conn, Taken, _SQL["take"], values)
    return taken


def give_back(conn: Connection, buckets: Sequence[Bucket]) -> None:
    given = {"keys": [bucket.key for bucket in buckets], "costs": [bucket.cost for bucket in buckets]}
    conn.execute(_SQL["give_back"], given)


def refill(conn: Connection, buckets: Sequence[Bucket], known: str, days: int) -> None:
    """Fill buckets, and remember the client `known` for so many days."""
    conn.execute(_SQL["refill"], {"keys": [bucket.key for bucket in buckets], "known": known, "days": days})


def prune_limits(conn: Connection) -> None:
    conn.execute(_SQL["prune_limits"])
