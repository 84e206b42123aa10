"""The rules of playdates: known answers, and properties over any order of acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playmate.domain import playdates as rules
from playmate.domain.friendship import Refusal
from playmate.domain.playdates import Guest, Situation

NOW = datetime(2026, 9, 12, 12, 0, tzinfo=UTC)
ASKED, INVITED, APPROVED = Guest("pending", "host"), Guest("pending", "guest"), Guest("approved")
AGAIN = Guest("pending", "guest", keeps_seat=True)


def situation(**changes: object) -> Situation:
    values = {"status": "scheduled", "ends": NOW + timedelta(hours=2), "now": NOW, "seats": 2, "taken": 0}
    return Situation(**{**values, **changes})  # type: ignore[arg-type] # the fields by name


def code(decision: Guest | Refusal) -> str:
    assert isinstance(decision, Refusal), decision
    return decision.code


@pytest.mark.parametrize(
    ("guest", "after"), [(None, ASKED), (Guest("left"), ASKED), (INVITED, APPROVED), (AGAIN, APPROVED)]
)
def test_joining(guest: Guest | None, after: Guest) -> None:
    assert rules.join(situation(), guest) == after


@pytest.mark.parametrize(
    ("changes", "guest", "expected"),
    [
        ({}, APPROVED, "joined_already"),
        ({}, ASKED, "asked_already"),
        ({}, Guest("rejected"), "rejected"),
        ({"taken": 2}, None, "full"),
        ({"taken": 2}, INVITED, "full"),
        ({"clashes": True}, None, "overlaps"),
        ({"clashes": True}, AGAIN, "overlaps"),
        ({"status": "closed"}, None, "closed"),
        ({"status": "closed"}, INVITED, "closed"),
        ({"status": "cancelled"}, AGAIN, "cancelled"),
        ({"now": NOW + timedelta(hours=2)}, None, "over"),
    ],
)
def test_joining_is_refused(changes: dict[str, object], guest: Guest | None, expected: str) -> None:
    assert code(rules.join(situation(**changes), guest)) == expected


def test_a_closed_playdate_still_takes_the_yes_of_a_guest_who_had_agreed() -> None:
    assert rules.join(situation(status="closed", taken=1), AGAIN) == APPROVED


def test_three_families_and_two_seats() -> None:
    """Amira hosts; Bruno and Chloe get seats, Diego does not until Bruno leaves."""
    guests: dict[str, Guest] = {}

    def taken(name: str) -> int:
        return rules.seats_taken(guest for other, guest in guests.items() if other != name)

    for name in ("Bruno", "Chloe", "Diego"):
        guests[name] = INVITED
    for name in ("Bruno", "Chloe"):
        joined = rules.join(situation(taken=taken(name)), guests[name])
        assert joined == APPROVED
        guests[name] = joined
    assert code(rules.join(situation(taken=taken("Diego")), guests["Diego"])) == "full"
    left = rules.leave(guests["Bruno"])
    assert isinstance(left, Guest)
    guests["Bruno"] = left
    assert rules.join(situation(taken=taken("Diego")), guests["Diego"]) == APPROVED


@pytest.mark.parametrize(
    ("guest", "wanted", "after"),
    [
        (ASKED, "approved", APPROVED),
        (ASKED, "rejected", Guest("rejected")),
        (APPROVED, "rejected", Guest("rejected")),
        (APPROVED, "pending", ASKED),
        (Guest("rejected"), "approved", APPROVED),
        (INVITED, "rejected", Guest("rejected")),
        (APPROVED, "approved", APPROVED),
    ],
)
def test_the_host_decides(guest: Guest, wanted: rules.Standing, after: Guest) -> None:
    assert rules.decide(situation(), guest, wanted) == after


def test_the_host_cannot_say_yes_for_a_guest() -> None:
    assert code(rules.decide(situation(), INVITED, "approved")) == "not_answered"
    assert code(rules.decide(situation(), AGAIN, "approved")) == "not_answered"
    assert code(rules.decide(situation(), Guest("left"), "approved")) == "left"
    assert code(rules.decide(situation(taken=2), ASKED, "approved")) == "full"


def test_a_new_time_asks_those_who_agreed_and_keeps_their_seats() -> None:
    assert rules.after_move(APPROVED) == AGAIN
    assert rules.seats_taken([AGAIN]) == 1
    for guest in (ASKED, INVITED, Guest("left"), Guest("rejected"), AGAIN):
        assert rules.after_move(guest) == guest


ACTS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(["join", "leave", "invite", "approved", "rejected", "pending", "move"]),
        st.booleans(),
    ),
    max_size=40,
)


@given(seats=st.none() | st.integers(1, 3), acts=ACTS)
def test_no_order_of_acts_gives_a_seat_twice(seats: int | None, acts: list[tuple[int, str, bool]]) -> None:
    guests: dict[int, Guest] = {}
    for name, act, clashes in acts:
        if act == "move":
            guests = {each: rules.after_move(guest) for each, guest in guests.items()}
            continue
        taken = rules.seats_taken(guest for other, guest in guests.items() if other != name)
        now = situation(seats=seats, taken=taken, clashes=clashes)
        before = guests.get(name)
        after = _act(act, now, before)
        if isinstance(after, Guest):
            guests[name] = after
            if clashes and not (before and rules.has_seat(before)):
                assert not rules.has_seat(after), "a family is in one playdate at a time"
        assert seats is None or rules.seats_taken(guests.values()) <= seats
        for guest in guests.values():
            assert (guest.asked is not None) == (guest.standing == "pending")
            assert not guest.keeps_seat or guest.asked == "guest"


def _act(act: str, now: Situation, before: Guest | None) -> Guest | Refusal | None:
    match act:
        case "join":
            return rules.join(now, before)
        case "leave":
            return rules.leave(before)
        case "invite":
            return rules.invite(now, before)
        case "approved" | "rejected" | "pending":
            return rules.decide(now, before, act) if before else None
        case _:
            raise AssertionError(act)


@pytest.mark.parametrize(
    ("zone", "starts", "expected"),
    [
        ("Europe/Paris", "2026-12-05T14:00:00+01:00", "2026-12-04T18:00:00+01:00"),
        # The clocks go back in the night between, and forward in the other.
        ("Europe/Paris", "2026-10-25T10:00:00+01:00", "2026-10-24T18:00:00+02:00"),
        ("Europe/Paris", "2026-03-29T10:00:00+02:00", "2026-03-28T18:00:00+01:00"),
        ("Europe/Paris", "2026-10-25T02:30:00+01:00", "2026-10-24T18:00:00+02:00"),
        ("Australia/Lord_Howe", "2026-10-04T10:00:00+11:00", "2026-10-03T18:00:00+10:30"),
        # Just after midnight: the evening before is some hours ahead.
        ("America/New_York", "2026-12-05T00:10:00-05:00", "2026-12-04T18:00:00-05:00"),
    ],
)
def test_the_evening_before_on_the_hosts_clock(zone: str, starts: str, expected: str) -> None:
    found = rules.evening_before(datetime.fromisoformat(starts), ZoneInfo(zone))
    assert found == datetime.fromisoformat(expected)


@given(
    minutes=st.integers(0, 3 * 366 * 24 * 60),
    zone=st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_the_evening_is_always_before_and_at_six(minutes: int, zone: str) -> None:
    instant = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    evening = rules.evening_before(instant, ZoneInfo(zone))
    assert timedelta(hours=5) < instant - evening < timedelta(hours=31)
    assert evening.astimezone(ZoneInfo(zone)).hour == 18


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [(1, 2, None), (2, 1, "ends_too_early"), (1, 26, "too_long"), (0, 1, "starts_in_the_past")],
)
def test_times(starts: int, ends: int, expected: str | None) -> None:
    refusal = rules.judge_times(NOW + timedelta(hours=starts), NOW + timedelta(hours=ends), NOW)
    assert (refusal and refusal.code) == expected
