"""The limits that an agent declares.

    @agent("text.summarise", payload=Text, limits=[Concurrent("openai", 8), Rate("openai", requests=500, per=60)])

A limit has a name, and with `key` one room for each key of a payload. Limits of one name share their room across all
agents, which declare the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.engine.unique import key_text
from orchestrator.model.durations import Duration, seconds_of
from orchestrator.observability import logger
from orchestrator.store.limits import KeyedLimit

#: Characters of a limit's name.
LONGEST_NAME = 100
#: A limit's largest numbers: each claim reads the attempts that it counts.
MOST_AT_ONCE, MOST_REQUESTS = 1_000, 10_000
#: Seconds of the longest period of a rate.
LONGEST_PERIOD = 86_400.0

Key = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Concurrent:
    """At most `at_most` attempts at once, for each `key` of a payload or for all. Without a name: of this type."""

    name: str = ""
    at_most: int = 0
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` attempts in any period of `per` seconds, for each `key` of a payload or for all.

    An attempt counts until the period after its end is over, so that its calls can not exceed the rate.
    """

    name: str = ""
    requests: int = 0
    per: Duration = 60
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of one name in one agent."""

    name: str
    at_most: int | None
    requests: int | None
    per: float | None
    key: Key | None

    def of(self, payload: object) -> KeyedLimit:
        """Return the limit for a parsed payload."""
        return KeyedLimit(key=self._key_of(payload), at_most=self.at_most, requests=self.requests, per=self.per)

    def _key_of(self, payload: object) -> str:
        if self.key is None:
            return self.name
        try:
            return f"{self.name}:{key_text(self.key(payload))}"
        except Exception:  # its code is the application's: the payloads that it can not read share one room
            logger.exception("the key of a limit cannot be computed", extra={"limit": self.name})
            return f"{self.name}:"


def declared_limits(type: str, limits: Sequence[Concurrent | Rate]) -> tuple[Limit, ...]:
    """Return the limits by name. Raise ValueError for one that could not work."""
    names = dict.fromkeys(limit.name or type for limit in limits)
    return tuple(_together(type, name, [each for each in limits if (each.name or type) == name]) for name in names)


def _together(type: str, name: str, parts: Sequence[Concurrent | Rate]) -> Limit:
    if not (name.isprintable() and len(name) <= LONGEST_NAME and ":" not in name):
        raise ValueError(f"{type}: {name!r} is no name of a limit: printable, without a colon, {LONGEST_NAME} at most")
    if len({id(part.key) for part in parts}) > 1:
        raise ValueError(f"{type}: the limits {name!r} have different keys; give them different names")
    at_most = [part.at_most for part in parts if isinstance(part, Concurrent)]
    rates = [part for part in parts if isinstance(part, Rate)]
    if len(at_most) > 1 or len(rates) > 1:
        raise ValueError(f"{type}: the limit {name!r} is declared twice; use different names")
    for number in at_most:
        _check_number(type, f"Concurrent({name!r}, at_most={number})", number, MOST_AT_ONCE)
    for rate in rates:
        _check_number(type, f"Rate({name!r}, requests={rate.requests})", rate.requests, MOST_REQUESTS)
    return Limit(
        name,
        at_most[0] if at_most else None,
        rates[0].requests if rates else None,
        _period(type, rates[0]) if rates else None,
        parts[0].key,
    )


def _check_number(type: str, shown: str, number: int, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError(f"{type}: {shown} needs a whole number")
    if number < 1:
        raise ValueError(f"{type}: {shown} would never let a task run; set 1 or more, or remove it")
    if number > most:
        raise ValueError(f"{type}: {shown} is too large; the most is {most:,}")


def _period(type: str, rate: Rate) -> float:
    seconds = seconds_of(rate.per)
    if not 1 <= seconds <= LONGEST_PERIOD:
        raise ValueError(f"{type}: per={rate.per!r} must be from 1 second to a day")
    return seconds
