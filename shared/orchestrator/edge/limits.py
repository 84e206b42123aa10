"""How often is too often: for submits by owner, for sign-ins by place and name.

A sign-in is limited by its place together with the name it tries; by its place alone; and, for places from which that
name has not signed in before, by the name alone. So nobody can shut another out from a place that knows them.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model.errors import TooMany
from orchestrator.observe import logger, metrics
from orchestrator.store import rate_limits
from orchestrator.store.rate_limits import Bucket

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from orchestrator.store.db import Database

#: Submits of one owner that a container lets pass a second without asking Postgres.
FREE_PER_SECOND = 10
#: Submits of one owner beyond those: so many at once, and so many a second.
SUBMIT_BURST, SUBMIT_RATE = 2_000, 100
#: Owners a container remembers at most.
MOST_OWNERS = 10_000

#: Tries of one name from one place: so many at once, then one every so many seconds.
PAIR_BURST, PAIR_GAP = 10, 3.0
#: Tries from one place, whatever the name.
PLACE_BURST, PLACE_GAP = 300, 1.0
#: Tries of one name from places that do not know it, all together.
NAME_BURST, NAME_GAP = 50, 10.0
#: New accounts from one place.
SIGNUP_BURST, SIGNUP_GAP = 300, 1.0
#: Days a place is known for a name after it signed in from there.
KNOWN_FOR = 30

_free: dict[str, tuple[float, int]] = {}


def check_submit(db: Database, owner: str) -> None:
    """Raises TooMany. Nobody who submits at the speed of a person costs a statement."""
    second = math.floor(time.monotonic())
    since, used = _free.get(owner, (second, 0))
    if since != second:
        used = 0
    if len(_free) >= MOST_OWNERS:
        _free.clear()
    _free[owner] = (second, used + 1)
    if used >= FREE_PER_SECOND:
        _take(db, [Bucket(_digest("submit", owner), 1 / SUBMIT_RATE, SUBMIT_BURST)], what="submit")


def check_signup(db: Database, event: BaseProxyEvent) -> None:
    """Raises TooMany."""
    _take(db, [Bucket(_digest("signup", _place(event)), SIGNUP_GAP, SIGNUP_BURST)], what="signup")


@dataclass(frozen=True, slots=True)
class SignIn:
    """One try to sign in."""

    name: str
    place: str

    @classmethod
    def begin(cls, db: Database, event: BaseProxyEvent, name: str) -> SignIn:
        """Counts the try before the password is looked at. Raises TooMany."""
        begun = cls(name.casefold(), _place(event))
        buckets = [
            Bucket(begun._pair, PAIR_GAP, PAIR_BURST),
            Bucket(_digest("place", begun.place), PLACE_GAP, PLACE_BURST, for_strangers=True),
            Bucket(_digest("name", begun.name), NAME_GAP, NAME_BURST, for_strangers=True),
        ]
        _take(db, buckets, what="sign-in", known=begun._known)
        return begun

    def succeeded(self, db: Database) -> None:
        """Its tries are forgotten, and the place is known."""
        db.run(rate_limits.forgive, self._pair, self._known, KNOWN_FOR)

    def failed(self) -> None:
        metrics.count("LoginRefused")

    @property
    def _pair(self) -> str:
        return _digest("pair", self.name, self.place)

    @property
    def _known(self) -> str:
        return _digest("known", self.name, self.place)


def _take(db: Database, buckets: list[Bucket], *, what: str, known: str = "") -> None:
    wait = db.run(rate_limits.take, buckets, known)
    if wait is not None:
        metrics.count("RateLimited")
        logger.info("too many requests", what=what)
        raise TooMany("Too many tries. Please wait a little.", max(1, math.ceil(wait)))


def _place(event: BaseProxyEvent) -> str:
    """The address the gateway saw; a header can say anything."""
    return str(event["requestContext"]["http"].get("sourceIp", ""))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
