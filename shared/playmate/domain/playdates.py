"""The rules of playdates: seats, questions to the two sides, and the evening of the reminder.

A participant is pending while one side has to answer: the host for a request to join, the guest for an invitation and
for a new time. A guest who had agreed keeps the seat while the new time is unanswered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from playmate.domain.friendship import Refusal

Status = Literal["scheduled", "closed", "cancelled"]
Standing = Literal["pending", "approved", "rejected", "left"]
Asked = Literal["host", "guest"]

#: The longest playdate.
LONGEST = timedelta(hours=24)
#: Playdates of a host in the list, which has no pages: those to come and those of the last four weeks.
MOST_HOSTED = 100
#: Guests of a playdate who take part or are asked.
MOST_GUESTS = 50
#: The local time of the reminder, on the day before.
EVENING = time(18, 0)

FULL = Refusal("There is no free seat any more.", "full")
CLASH = Refusal("There is another playdate of this family at that time.", "overlaps")
TOO_MANY_GUESTS = Refusal(f"A playdate has {MOST_GUESTS} guests and open questions at most.", "too_many_guests")
OVER = Refusal("This playdate is over.", "over")
CANCELLED = Refusal("This playdate is cancelled.", "cancelled")


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest family of a playdate. `asked` is set exactly while the guest is pending."""

    standing: Standing
    asked: Asked | None = None
    #: Whether a pending guest has a seat already.
    keeps_seat: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides about one guest, read under the lock of the playdate."""

    status: Status
    ends: datetime
    now: datetime
    #: Seats for guest families; None for any number.
    seats: int | None
    #: Seats of the other guests.
    taken: int
    #: Whether the guest's family takes part in another playdate at that time.
    clashes: bool = False
    #: Guests who take part or are asked.
    guests: int = 0

    @property
    def has_room(self) -> bool:
        return self.seats is None or self.taken < self.seats


def has_seat(guest: Guest) -> bool:
    return guest.standing == "approved" or guest.keeps_seat


def seats_taken(guests: Iterable[Guest]) -> int:
    return sum(has_seat(guest) for guest in guests)


def join(situation: Situation, guest: Guest | None) -> Guest | Refusal:
    """Return the guest after asking to join, or after saying yes to an invitation or to a new time."""
    refusal = _closed(situation, guest) or _joined(guest)
    if refusal is not None:
        return refusal
    if guest is not None and guest.asked == "guest":
        return _seated(situation)
    if situation.clashes:
        return CLASH
    if not situation.has_room:
        return FULL
    return _one_more(situation, Guest("pending", "host"))


def _joined(guest: Guest | None) -> Refusal | None:
    """Return why the guest cannot ask to join again, or None."""
    if guest is None or guest.standing == "left" or guest.asked == "guest":
        return None
    if guest.standing == "rejected":
        return Refusal("The host has declined.", "rejected")
    if guest.standing == "approved":
        return Refusal("You take part already.", "joined_already")
    return Refusal("You asked already; the host's answer is still open.", "asked_already")


def leave(guest: Guest | None) -> Guest | Refusal:
    """Return the guest after leaving, withdrawing a request or declining an invitation."""
    if guest is None or guest.standing in ("left", "rejected"):
        return Refusal("You take no part in this playdate.", "not_joined")
    return Guest("left")


def invite(situation: Situation, guest: Guest | None) -> Guest | Refusal:
    """Return the guest after the host's invitation. It takes no seat: the first to say yes get them."""
    refusal = _ended(situation)
    if refusal is not None:
        return refusal
    if guest is not None and guest.standing in ("approved", "pending"):
        return _seated(situation) if guest.asked == "host" else guest
    return _one_more(situation, Guest("pending", "guest"))


def decide(situation: Situation, guest: Guest, wanted: Standing) -> Guest | Refusal:
    """Return the guest after the host's decision: approved, rejected, or pending again."""
    refusal = _ended(situation) or _undecidable(guest, wanted)
    if refusal is not None:
        return refusal
    if guest.standing == wanted:
        return guest
    if wanted == "rejected":
        return Guest("rejected")
    after = _seated(situation) if wanted == "approved" else Guest("pending", "host")
    return _one_more(situation, after) if guest.standing == "rejected" else after


def _undecidable(guest: Guest, wanted: Standing) -> Refusal | None:
    if guest.standing == "left":
        return Refusal("This family has left.", "left")
    if wanted == "approved" and guest.asked == "guest":
        return Refusal("This family has not answered yet; only it can say yes.", "not_answered")
    return None


def after_move(guest: Guest) -> Guest:
    """Return a guest after a new time: one who had agreed is asked again and keeps the seat meanwhile."""
    return Guest("pending", "guest", keeps_seat=True) if guest.standing == "approved" else guest


def fewer_seats(taken: int) -> Refusal:
    return Refusal(f"{taken} seats are taken; decline guests before you have fewer seats.", "seats_taken")


def judge_hosted(playdates: int) -> Refusal | None:
    """Return why a host with that many playdates in the list cannot schedule one more, or None."""
    if playdates < MOST_HOSTED:
        return None
    message = f"You have {MOST_HOSTED} playdates to come or of the last four weeks, which is the most."
    return Refusal(message, "too_many_playdates")


def judge_length(starts: datetime, ends: datetime) -> Refusal | None:
    """Return why no playdate can last from one time to the other, or None."""
    if starts >= ends:
        return Refusal("A playdate must end after it starts.", "ends_too_early")
    if ends - starts > LONGEST:
        return Refusal("A playdate lasts 24 hours at most.", "too_long")
    return None


def judge_times(starts: datetime, ends: datetime, now: datetime) -> Refusal | None:
    """Return why a playdate cannot be at these times, or None."""
    if starts <= now:
        return judge_length(starts, ends) or Refusal("A playdate must start in the future.", "starts_in_the_past")
    return judge_length(starts, ends)


def evening_before(starts: datetime, zone: ZoneInfo) -> datetime:
    """Return six in the evening on the day before, on the clock of the host's zone."""
    day = starts.astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(day, EVENING, zone).astimezone(UTC)


def _ended(situation: Situation) -> Refusal | None:
    if situation.status == "cancelled":
        return CANCELLED
    return OVER if situation.now >= situation.ends else None


def _closed(situation: Situation, guest: Guest | None) -> Refusal | None:
    if situation.status == "closed" and not (guest and guest.keeps_seat):
        return Refusal("This playdate takes no more guests.", "closed")
    return _ended(situation)


def _one_more(situation: Situation, guest: Guest | Refusal) -> Guest | Refusal:
    """Return the guest who takes part or is asked from now on, or the refusal of one more."""
    return guest if situation.guests < MOST_GUESTS else TOO_MANY_GUESTS


def _seated(situation: Situation) -> Guest | Refusal:
    if situation.clashes:
        return CLASH
    return Guest("approved") if situation.has_room else FULL
