"""Slow down password guessing without locking anybody out.

Two buckets count the sign-ins to an account, and both make later attempts wait longer. The first counts one source: a
known browser (a sealed cookie from an earlier sign-in) or a client address. The second counts every unknown address
together: first attempts from an address may use all of it, further attempts a small part. An address from which the
account signed in during the last 30 days, and a known browser, skip the second bucket. Unknown addresses also use the
bucket of their address, whatever the account.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from orchestrator.http.authentication import cookies_of
from orchestrator.http.rate_limits import address_bucket, client_address, take
from orchestrator.model.errors import TooMany
from orchestrator.observability import metrics
from orchestrator.store import rate_limits
from orchestrator.store.rate_limits import Bucket

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from orchestrator.http.access_tokens import Tokens
    from orchestrator.store.connection import Database

#: Attempts from one source: that many at once, then one per that many seconds. The bounds apply together.
SOURCE = ((10, 3.0), (20, 60.0), (30, 600.0))
#: An address makes that many first attempts at an account, and one more per that many seconds.
FIRST_TRIES, FIRST_GAP = 3, 8 * 3_600.0
#: Attempts at one account from all unknown addresses together: first attempts may use all, further ones a part.
FIRST_BURST, FURTHER_BURST, UNKNOWN_GAP = 1_000, 50, 30.0
#: Days an address or a browser is known to an account after a sign-in.
KNOWN_FOR = 30


@dataclass(frozen=True, slots=True)
class SignIn:
    """An attempt to sign in to an account, or under a name without one."""

    db: Database
    tokens: Tokens
    account: str
    #: The client's network address.
    address: str
    #: Id of a browser that proved an earlier sign-in to this account.
    device: str | None

    @classmethod
    def of(cls, db: Database, tokens: Tokens, event: BaseProxyEvent, account: str) -> SignIn:
        shown = (_device(tokens, account, cookie) for cookie in cookies_of(event, _cookie_name(tokens, account)))
        return cls(db, tokens, account, client_address(event), next((device for device in shown if device), None))

    def begin(self) -> None:
        """Count the attempt before the password is checked. Raise TooMany, and count nothing, if a bucket is empty."""
        own = self._source()
        taken = take(self.db, own, limit="sign-in", known=self._known)
        if self.device is not None or taken.known:
            return
        tries = taken.levels[own[-1].key] / FIRST_GAP
        try:
            take(self.db, self._shared(first=tries <= FIRST_TRIES), limit="sign-in")
        except TooMany:
            self.db.run(rate_limits.give_back, own)
            raise

    def succeeded(self, *, secure: bool) -> Cookie:
        """Forget the source's attempts, remember its address, and return the cookie that makes the browser known."""
        self.db.run(rate_limits.refill, self._source(), self._known, KNOWN_FOR)
        return _make_known(self.tokens, self.account, secure=secure)

    def failed(self) -> None:
        metrics.count("LoginRefused")

    @property
    def _known(self) -> str:
        return self.tokens.digest("known", self.account, self.address)

    def _source(self) -> list[Bucket]:
        """Return the buckets of the account and the source; the last one never refuses and remembers first attempts."""
        source = ("place", self.address) if self.device is None else ("device", self.device)
        memory = Bucket(self.tokens.digest("first", self.account, *source), 100_000, FIRST_GAP)
        steps = [Bucket(self.tokens.digest(str(gap), self.account, *source), burst, gap) for burst, gap in SOURCE]
        return [*steps, memory]

    def _shared(self, *, first: bool) -> list[Bucket]:
        """Return the buckets that the attempt shares: with its address, and with every unknown address."""
        burst = FIRST_BURST if first else FURTHER_BURST
        unknown = Bucket(self.tokens.digest("unknown", self.account), burst, UNKNOWN_GAP)
        return [address_bucket(self.tokens, self.address), unknown]


def _cookie_name(tokens: Tokens, account: str) -> str:
    """Return the cookie's name: one per account, so one browser can be known to several accounts."""
    return f"Device-{tokens.digest('cookie', account)[:12]}"


def _make_known(tokens: Tokens, account: str, *, secure: bool) -> Cookie:
    life = KNOWN_FOR * 86_400
    device, until = secrets.token_hex(8), str(int(time.time()) + life)
    return Cookie(
        name=_cookie_name(tokens, account),
        value=f"{device}.{until}.{_seal(tokens, account, device, until)}",
        path="/auth",
        secure=secure,
        http_only=True,
        same_site=SameSite.STRICT_MODE,
        max_age=life,
    )


def _device(tokens: Tokens, account: str, cookie: str) -> str | None:
    """Return the browser id of a valid, unexpired cookie, else None."""
    device, _, rest = cookie.partition(".")
    until, _, seal = rest.partition(".")
    given = seal.encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, _seal(tokens, account, device, until).encode()):
        return None
    return device if time.time() < int(until) else None


def _seal(tokens: Tokens, account: str, device: str, until: str) -> str:
    return tokens.digest("device", account, device, until)
