"""The reasons that help a host to decide about a family, in sentences that a parent can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from playmate.domain.compatibility import same_activity

Risk = Literal["low", "medium", "high"]
Tone = Literal["positive", "caution", "neutral"]

#: Points of a family about which nothing is known, and of each reason.
BASE, LOWEST, HIGHEST = 50, 5, 95
NEAR_KM, FAR_KM = 5.0, 20.0
#: From these points on the risk is low, or medium.
LOW_RISK, MEDIUM_RISK = 75, 55


@dataclass(frozen=True, slots=True)
class KidFact:
    """A kid of the applicant; only of a friend of the host."""

    name: str
    age: int
    activity: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about the applicant from the host's side."""

    applicant_id: int
    applicant_name: str
    is_friend: bool
    mutual_friends: int
    past_together: int
    upcoming_same_host: int
    distance_km: float | None
    kids: tuple[KidFact, ...] = ()
    host_activities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason: its name, a sentence, whether it speaks for the family, and its points."""

    label: str
    detail: str
    tone: Tone
    points: int = 0

    def public(self) -> dict[str, Any]:
        return {"label": self.label, "detail": self.detail, "tone": self.tone}


def audit(facts: Facts) -> dict[str, Any]:
    """Return the audit as the API shows it. Without friendship it names no kid and no distance."""
    factors = [*_relation(facts), *_history(facts), *_interests(facts), *_distance(facts)]
    score = max(LOWEST, min(HIGHEST, BASE + sum(factor.points for factor in factors)))
    return {
        "applicantId": facts.applicant_id,
        "applicantName": facts.applicant_name,
        "summary": " ".join(factor.detail for factor in factors if factor.tone != "neutral"),
        "trustScore": score,
        "riskLevel": risk(score),
        "distanceKm": round(facts.distance_km, 1) if facts.is_friend and facts.distance_km is not None else None,
        "mutualFriends": facts.mutual_friends,
        "directFriendship": facts.is_friend,
        "pastPlaydatesTogether": facts.past_together,
        "upcomingSameHost": facts.upcoming_same_host,
        "kidHighlights": [_highlight(kid, facts.host_activities) for kid in facts.kids] if facts.is_friend else [],
        "factors": [factor.public() for factor in factors],
    }


def risk(score: int) -> Risk:
    return "low" if score >= LOW_RISK else "medium" if score >= MEDIUM_RISK else "high"


def _relation(facts: Facts) -> list[Factor]:
    found = [
        Factor("Friends", f"You and {facts.applicant_name} are friends.", "positive", 20)
        if facts.is_friend
        else Factor("Not friends", f"You and {facts.applicant_name} are not friends.", "caution", -20)
    ]
    if facts.mutual_friends:
        points = min(3 * facts.mutual_friends, 12)
        found.append(
            Factor("Friends in common", f"{_count(facts.mutual_friends, 'friend')} in common.", "positive", points)
        )
    return found


def _history(facts: Facts) -> list[Factor]:
    found = []
    if facts.past_together:
        points = min(5 * facts.past_together, 15)
        detail = f"{_count(facts.past_together, 'playdate')} together so far."
        found.append(Factor("Playdates together", detail, "positive", points))
    else:
        found.append(Factor("First playdate", "You have had no playdate together yet.", "neutral"))
    if facts.upcoming_same_host:
        detail = f"Takes part in {_count(facts.upcoming_same_host, 'other playdate')} of yours that is ahead."
        found.append(Factor("Other plans with you", detail, "neutral"))
    return found


def _interests(facts: Facts) -> list[Factor]:
    if not facts.is_friend:
        return []
    if not facts.kids:
        return [Factor("No kids yet", "This family has not added any kids.", "caution", -10)]
    shared = [kid for kid in facts.kids if _overlaps(kid, facts.host_activities)]
    if not shared:
        return [Factor("Other interests", "The kids have different favourite activities.", "neutral")]
    liked = " and ".join(dict.fromkeys(kid.activity.casefold() for kid in shared))
    return [Factor("Shared interests", f"Your kids share a favourite: {liked}.", "positive", 8)]


def _distance(facts: Facts) -> list[Factor]:
    if not facts.is_friend:
        return []
    km = facts.distance_km
    if km is None:
        return [Factor("Distance unknown", "One of you has not set a place to meet.", "neutral", -3)]
    if km <= NEAR_KM:
        return [Factor("Near", f"They meet {km:.1f} km from you.", "positive", 6)]
    if km <= FAR_KM:
        return [Factor("Some way", f"They meet {km:.1f} km from you.", "neutral")]
    return [Factor("Far", f"They meet {km:,.0f} km from you; ask how they get there.", "caution", -8)]


def _highlight(kid: KidFact, host_activities: Sequence[str]) -> dict[str, Any]:
    overlaps = _overlaps(kid, host_activities)
    return {"kidName": kid.name, "age": kid.age, "favoriteActivity": kid.activity, "overlapActivity": overlaps}


def _overlaps(kid: KidFact, host_activities: Sequence[str]) -> bool:
    return any(same_activity(kid.activity, activity) for activity in host_activities)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
