"""When a schedule runs next: a cron expression in a time zone, or an interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from orchestrator.model.durations import Duration, seconds_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model: TypeAlias = type[BaseModel]

#: Seconds between two runs of an interval, at least and at most.
SHORTEST_INTERVAL, LONGEST_INTERVAL = 60, 366 * 24 * 3600
#: The most characters of a cron expression.
LONGEST_EXPRESSION = 100


class BadRecurrence(ValueError):
    """A cron expression, an interval or a time zone that cannot be used; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Either `cron` (five fields, local time of `time_zone`) or `every` (seconds) is set."""

    cron: str | None
    every: int | None
    time_zone: str = "UTC"

    def check(self) -> None:
        """Raise BadRecurrence for an invalid text, also for an expression that never comes true."""
        if (self.cron is None) == (self.every is None):
            raise BadRecurrence("cron", "give either cron or every")
        if self.time_zone not in time_zones():
            raise BadRecurrence("timeZone", "is not a known time zone; give one such as Europe/Paris")
        if self.every is not None and not SHORTEST_INTERVAL <= self.every <= LONGEST_INTERVAL:
            raise BadRecurrence("every", f"must be from {SHORTEST_INTERVAL} to {LONGEST_INTERVAL} seconds")
        if self.cron is not None:
            self.next_after(datetime(2026, 1, 1, tzinfo=UTC))

    def next_after(self, moment: datetime) -> datetime:
        """Return the first run after `moment`, in UTC.

        A local time that a change of the clock skips runs when the gap ends; one that comes twice runs once
        (Debian's cron, as the library `cronsim` has it).
        """
        if self.cron is None:
            return moment + self._interval()
        return _next_of_cron(self.cron, moment.astimezone(ZoneInfo(self.time_zone))).astimezone(UTC)

    def first_after(self, run: datetime, moment: datetime) -> datetime:
        """Return the first run after `moment` of those that follow `run`, which is not after `moment`."""
        if self.cron is not None:
            return self.next_after(moment)
        return run + self._interval() * ((moment - run) // self._interval() + 1)

    def _interval(self) -> timedelta:
        return timedelta(seconds=self.every or 0)


def recurrence_of(every: Duration, time_zone: str = "UTC") -> Recurrence:
    """Return the recurrence of a cron expression ("0 7 * * *") or an interval ("15m"). Raise BadRecurrence."""
    is_cron = isinstance(every, str) and len(every.split()) > 2
    made = Recurrence(str(every), None, time_zone) if is_cron else Recurrence(None, round(seconds_of(every)), time_zone)
    made.check()
    return made


def declared_recurrence(type: str, every: Duration, time_zone: str, payload: Model) -> Recurrence:
    """Return when the system runs an agent. Raise ValueError for a recurrence or a payload that could not work."""
    try:
        payload.model_validate({})
    except ValueError as error:
        raise ValueError(f"{type}: every={every!r} runs it with an empty payload, which its model refuses") from error
    try:
        return recurrence_of(every, time_zone)
    except ValueError as error:
        raise ValueError(f"{type}: every={every!r}, time_zone={time_zone!r}: {error}") from error


def _next_of_cron(expression: str, local: datetime) -> datetime:
    from cronsim import CronSim, CronSimError

    if len(expression) > LONGEST_EXPRESSION or len(expression.split()) != 5:
        raise BadRecurrence("cron", "must have five fields: minute, hour, day of month, month, day of week")
    try:
        found = next(CronSim(expression, local), None)
    except CronSimError as error:
        raise BadRecurrence("cron", f"cannot be read: {str(error).lower()}") from error
    if found is None:
        raise BadRecurrence("cron", "never comes true; check the day and the month")
    return found


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the IANA time zones, from the packaged database and not from this machine's files."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split())
