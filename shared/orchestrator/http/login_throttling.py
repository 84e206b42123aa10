"""Guessing passwords is slow, from wherever, and shuts nobody out.

A browser that signed in before shows a cookie that says so, and is counted by itself: whatever others try, near or far,
it is not in its way. Everybody else is counted by place and account, with waits that grow. A place that the account
signed in from before is counted no further. A strange one has its first tries out of a large common bucket; those
that failed more often share a small one. Both together bound what can be guessed from everywhere.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from orchestrator.http.authentication import cookies_of
from orchestrator.http.rate_limits import place, take
from orchestrator.model.errors import TooMany
from orchestrator.observability import metrics
from orchestrator.store import rate_limits
from orchestrator.store.rate_limits import Bucket

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from orchestrator.http.access_tokens import Tokens
    from orchestrator.store.connection import Database

#: Tries of one account from one place, or by one browser that is known: so many at once, then one every so many
#: seconds; who has used up the first waits for the second, and so on.
PAIR = ((10, 3.0), (20, 60.0), (30, 600.0))
#: A place is strange to an account for so many tries, one more every so many seconds.
FIRST_TRIES, FIRST_GAP = 3, 8 * 3_600.0
#: First tries of one account from strange places, all together: hundreds of places are needed to use them up.
EARLY_BURST, EARLY_GAP = 1_000, 30.0
#: Further tries of one account from strange places, all together.
LATE_BURST, LATE_GAP = 50, 30.0
#: Tries from one place, whatever the account, unless the place is known to it.
PLACE_BURST, PLACE_GAP = 300, 1.0
#: Days a place or a browser is known to an account after it signed in there.
KNOWN_FOR = 30


@dataclass(frozen=True, slots=True)
class SignIn:
    """One try to sign in to an account, or under a name that none has."""

    db: Database
    tokens: Tokens
    account: str
    place: str
    #: Of the browser, where it has shown that it signed in to this account before.
    device: str | None

    @classmethod
    def of(cls, db: Database, tokens: Tokens, event: BaseProxyEvent, account: str) -> SignIn:
        shown = (_device(tokens, account, cookie) for cookie in cookies_of(event, _cookie_name(tokens, account)))
        return cls(db, tokens, account, place(event), next((device for device in shown if device), None))

    def begin(self) -> None:
        """Counts the try before the password is looked at. Raises TooMany, and has counted nothing then."""
        own = self._own()
        taken = take(self.db, own, what="sign-in", known=self._known)
        if self.device is not None or taken.known:
            return
        tries = taken.levels[own[-1].key] / FIRST_GAP
        try:
            take(self.db, self._common(first=tries <= FIRST_TRIES), what="sign-in")
        except TooMany:
            self.db.run(rate_limits.give_back, own)
            raise

    def succeeded(self, *, secure: bool) -> Cookie:
        """Its tries are forgotten, the place is known; the cookie makes the browser known."""
        self.db.run(rate_limits.forgive, self._own(), self._known, KNOWN_FOR)
        return _make_known(self.tokens, self.account, secure=secure)

    def failed(self) -> None:
        metrics.count("LoginRefused")

    @property
    def _known(self) -> str:
        return self.tokens.digest("known", self.account, self.place)

    def _own(self) -> list[Bucket]:
        """Of this account from here; the last only remembers for how long the place has been trying."""
        where = ("place", self.place) if self.device is None else ("device", self.device)
        memory = Bucket(self.tokens.digest("first", self.account, *where), 100_000, FIRST_GAP)
        steps = [Bucket(self.tokens.digest(str(gap), self.account, *where), burst, gap) for burst, gap in PAIR]
        return [*steps, memory]

    def _common(self, *, first: bool) -> list[Bucket]:
        burst, gap = (EARLY_BURST, EARLY_GAP) if first else (LATE_BURST, LATE_GAP)
        return [
            Bucket(self.tokens.digest("place", self.place), PLACE_BURST, PLACE_GAP),
            Bucket(self.tokens.digest("early" if first else "late", self.account), burst, gap),
        ]


def _cookie_name(tokens: Tokens, account: str) -> str:
    """One for each account, so that a family's accounts on one computer stay known beside each other."""
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
    """The browser that a cookie of ours names, while it is known to the account."""
    device, _, rest = cookie.partition(".")
    until, _, seal = rest.partition(".")
    given = seal.encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, _seal(tokens, account, device, until).encode()):
        return None
    return device if time.time() < int(until) else None


def _seal(tokens: Tokens, account: str, device: str, until: str) -> str:
    return tokens.digest("device", account, device, until)
