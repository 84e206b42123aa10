"""The audit of a guest: reasons that a parent can read, and nothing about a stranger's kids."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playmate.domain.audit import Facts, KidFact, audit

FRIEND = Facts(
    applicant_id=3,
    applicant_name="Bruno",
    is_friend=True,
    mutual_friends=2,
    past_together=1,
    upcoming_same_host=0,
    distance_km=2.24,
    kids=(KidFact("Zoe", 7, "Football"), KidFact("Hugo", 4, "painting")),
    host_activities=("football",),
)


def test_a_friend_near_by_whom_the_host_knows() -> None:
    found = audit(FRIEND)
    assert (found["trustScore"], found["riskLevel"], found["distanceKm"]) == (95, "low", 2.2)
    assert found["summary"] == (
        "You and Bruno are friends. 2 friends in common. 1 playdate together so far. "
        "Your kids share a favourite: football. They meet 2.2 km from you."
    )
    overlaps = {kid["kidName"]: kid["overlapActivity"] for kid in found["kidHighlights"]}
    assert overlaps == {"Zoe": True, "Hugo": False}
    assert {factor["tone"] for factor in found["factors"]} == {"positive"}


@pytest.mark.parametrize(
    ("changes", "risk"),
    [
        ({}, "low"),
        ({"mutual_friends": 0, "past_together": 0, "distance_km": None, "host_activities": ()}, "medium"),
        ({"is_friend": False, "mutual_friends": 0, "past_together": 0}, "high"),
    ],
)
def test_known_levels(changes: dict[str, object], risk: str) -> None:
    assert audit(replace(FRIEND, **changes))["riskLevel"] == risk  # type: ignore[arg-type] # the fields by name


@given(
    is_friend=st.booleans(),
    numbers=st.tuples(st.integers(0, 500), st.integers(0, 99), st.integers(0, 9)),
    km=st.none() | st.floats(0, 20_000),
)
def test_the_score_is_bounded_and_a_stranger_shows_no_kid(
    is_friend: bool, numbers: tuple[int, int, int], km: float | None
) -> None:
    mutual, past, upcoming = numbers
    facts = replace(
        FRIEND,
        is_friend=is_friend,
        mutual_friends=mutual,
        past_together=past,
        upcoming_same_host=upcoming,
        distance_km=km,
    )
    found = audit(facts)
    assert 5 <= found["trustScore"] <= 95
    assert found["factors"]
    assert all(factor["detail"].endswith(".") for factor in found["factors"])
    if not is_friend:
        assert found["kidHighlights"] == []
        assert found["distanceKm"] is None
        assert not {"Zoe", "Hugo", "football"} & set(str(found).replace("'", " ").split())
