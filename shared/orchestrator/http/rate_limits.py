"""Rate limits: submits and tickets by owner, requests without an account by client address."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.http.cloudfront import network_of
from orchestrator.model.errors import TooMany
from orchestrator.observability import logger, metrics
from orchestrator.store import rate_limits
from orchestrator.store.rate_limits import Bucket, Taken

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from orchestrator.http.access_tokens import Tokens
    from orchestrator.store.connection import Database

#: Owners a container remembers at most.
MOST_OWNERS = 10_000
#: Bytes of a body that count as one submit more.
UNIT = 4_096

#: Requests without an account from one client address (sign-up, sign-in): that many at once, then one per that many
#: seconds.
ADDRESS_BURST, ADDRESS_GAP = 300, 1.0


@dataclass(slots=True)
class Allowance:
    """A rate limit of owners. A caller at the speed of a person costs a statement now and then."""

    limit: str
    #: A second and container, without asking Postgres.
    free: float
    #: As much as a container lets pass before it is counted.
    settled_at: float
    #: So much at once, then one every so many seconds.
    bounds: tuple[tuple[float, float], ...]
    #: By owner: in which second how much, and how much is not counted yet.
    seen: dict[str, tuple[int, float, float]] = field(default_factory=dict)

    def use(self, db: Database, tokens: Tokens, owner: str, amount: float) -> None:
        """Raise TooMany."""
        second = math.floor(time.monotonic())
        since, used, owed = self.seen.get(owner, (second, 0.0, 0.0))
        used = used if since == second else 0.0
        if used + amount > self.free or owed + amount >= self.settled_at:
            buckets = [
                Bucket(tokens.digest(self.limit, str(gap), owner), burst, gap, owed + amount)
                for burst, gap in self.bounds
            ]
            take(db, buckets, limit=self.limit)
            owed = -amount
        if len(self.seen) >= MOST_OWNERS:
            self.seen.clear()
        self.seen[owner] = (second, used + amount, owed + amount)


#: The first bound stops a flood, the second protects the disk: 400 MB of bodies at once, then 350 MB a day.
SUBMITS = Allowance("submit", free=10, settled_at=100, bounds=((2_000, 0.01), (100_000, 1.0)))
TICKETS = Allowance("ticket", free=1, settled_at=10, bounds=((60, 2.0),))


def check_change(db: Database, tokens: Tokens, owner: str, size: int) -> None:
    """Count a changing request before its body is read. Raise TooMany. `size`: length of the body as it was sent."""
    SUBMITS.use(db, tokens, owner, 1 + size // UNIT)


def check_tasks(db: Database, tokens: Tokens, owner: str, tasks: int) -> None:
    """Count the tasks of a batch after the first, which its request counts for. Raise TooMany."""
    if tasks > 1:
        SUBMITS.use(db, tokens, owner, tasks - 1)


def check_ticket(db: Database, tokens: Tokens, owner: str) -> None:
    """Raise TooMany."""
    TICKETS.use(db, tokens, owner, 1)


def check_address(db: Database, tokens: Tokens, event: BaseProxyEvent) -> None:
    """Count a request without an account. Raise TooMany."""
    take(db, [address_bucket(tokens, client_address(event))], limit="address")


def address_bucket(tokens: Tokens, address: str) -> Bucket:
    return Bucket(tokens.digest("place", address), ADDRESS_BURST, ADDRESS_GAP)


def take(db: Database, buckets: Sequence[Bucket], *, limit: str, known: str = "") -> Taken:
    """Raise TooMany where one of the buckets has no room, and take from none then."""
    taken = db.run(rate_limits.take, buckets, known)
    if taken.wait is not None:
        metrics.count("RateLimited")
        logger.info("too many requests", what=limit)
        raise TooMany("Too many tries. Please wait a little.", max(1, math.ceil(taken.wait)))
    return taken


def client_address(event: BaseProxyEvent) -> str:
    """Return the client address that the gateway saw, which no header can change; the network of an IPv6 address."""
    address = str(event["requestContext"]["http"].get("sourceIp", ""))
    return network_of(address) or address
