"""The availability agent's answer: for each kid of a guardian the best time, with a friend where one fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from orchestrator.store.connection import Connection
from playmate.domain.activities import setting
from playmate.domain.availability import playdate_length
from playmate.domain.compatibility import Child, best_pairs, same_activity
from playmate.domain.coordinates import distance_km
from playmate.domain.intervals import Interval
from playmate.domain.wording import day_name, hours
from playmate.sources.planner import NO_TIME, Plan, Planner
from playmate.store import friends, kids
from playmate.store.accounts import Guardian, GuardianId
from playmate.store.availability import Proposal
from playmate.store.kids import FriendsKid, Kid

#: Below this a friend's kid is no company worth planning around.
GOOD_MATCH = 8


def plan_week(conn: Connection, me: Guardian, reach_km: float) -> dict[str, Any]:
    """Return {message, suggestions, tooFar}: one suggestion for each kid, in order of time, those without a time last.

    Friends farther away than `reach_km` are no company; `tooFar` names them with their distance.
    """
    everybody = friends.lock_friends(conn, me.id)
    distances = {friend.id: distance_between(me, friend) for friend in everybody}
    near = [friend for friend in everybody if not is_beyond(distances[friend.id], reach_km)]
    own, theirs = kids.lock_kids(conn, me.id, near)
    mine = sorted(own, key=lambda kid: (kid.age, kid.name))
    planner = Planner.load(conn, me, {each.guardian.id for each in theirs})
    suggestions = [_suggestion(choice, distances) for choice in _choices(planner, mine, theirs)]
    suggestions.sort(key=lambda each: (each["startsAt"] is None, _instant(each), each["kidId"]))
    far = _too_far(everybody, near, distances)
    return {"message": _message(suggestions), "suggestions": suggestions, "tooFar": far}


def distance_between(one: Guardian, other: Guardian) -> float | None:
    """Return the distance of two families' points in km, or None where one of them has no point."""
    return distance_km(one.point, other.point) if one.point and other.point else None


def is_beyond(distance: float | None, reach_km: float) -> bool:
    """Return whether a friend is farther away than a family travels; an unknown distance is not."""
    return distance is not None and distance > reach_km


def _too_far(
    everybody: Sequence[Guardian], near: Sequence[Guardian], distances: Mapping[GuardianId, float | None]
) -> list[dict[str, Any]]:
    far = [friend for friend in everybody if friend not in near]
    return [
        {"friendId": friend.id, "friendName": friend.name, "distanceKm": round(distances[friend.id] or 0, 1)}
        for friend in sorted(far, key=lambda friend: distances[friend.id] or 0)
    ]


def _instant(suggestion: Mapping[str, Any]) -> float:
    starts = suggestion["startsAt"]
    return datetime.fromisoformat(starts).timestamp() if starts else 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A kid's plan: with a friend's kid where one fits, and with whom no time could be found."""

    kid: Kid
    plan: Plan
    match: FriendsKid | None = None
    no_time_with: Guardian | None = None


def _choices(planner: Planner, mine: Sequence[Kid], theirs: Sequence[FriendsKid]) -> Iterator[Choice]:
    """Kid by kid; a time given to one family is taken for every other family after it."""
    matches = _matches(mine, theirs)
    for kid in mine:
        match = matches.get(kid.id)
        plan = planner.together(kid, match.guardian, match.kid) if match else None
        if match and plan and plan.interval:
            _promise(planner, kid, match, plan.interval)
            yield Choice(kid, plan, match)
            continue
        alone = planner.alone(kid)
        if match:
            alone = replace(alone, reason=f"No time in common with {match.guardian.name}. {alone.reason}")
        yield Choice(kid, alone, no_time_with=match.guardian if match else None)


def _promise(planner: Planner, kid: Kid, match: FriendsKid, interval: Interval) -> None:
    pair = frozenset({int(planner.me.id), int(match.guardian.id)})
    given = Proposal(frozenset({kid.id, match.kid.id}), pair, interval)
    planner.proposals = [*planner.proposals, given]


def _matches(mine: Sequence[Kid], theirs: Sequence[FriendsKid]) -> dict[int, FriendsKid]:
    """Return the best pairing with all friends' kids together, less the pairs that fit badly."""
    by_id = {each.kid.id: each for each in theirs}
    pairs = best_pairs([_child(kid) for kid in mine], [_child(each.kid) for each in theirs])
    return {pair.one.id: by_id[pair.other.id] for pair in pairs if pair.score >= GOOD_MATCH}


def _child(kid: Kid) -> Child:
    return Child(kid.id, kid.name, kid.age, kid.favorite_activity)


def _suggestion(choice: Choice, distances: Mapping[GuardianId, float | None]) -> dict[str, Any]:
    kid, plan, match = choice.kid, choice.plan, choice.match
    shown: dict[str, Any] = {
        "kidName": kid.name,
        "kidId": kid.id,
        "suggestedDay": day_name(plan.interval, plan.zone) if plan.interval else "No day yet",
        "suggestedSlot": hours(plan.interval, plan.zone) if plan.interval else NO_TIME,
        "activityHint": _advice(kid, match, plan),
        **plan.instants(),
    }
    if match:
        shown |= {"friendId": match.guardian.id, "friendName": match.guardian.name}
        shown |= {"matchId": match.kid.id, "matchName": match.kid.name}
        distance = distances.get(match.guardian.id)
        shown |= {"distanceKm": None if distance is None else round(distance, 1)}
    if choice.no_time_with:
        shown["noTimeWith"] = {"friendId": choice.no_time_with.id, "friendName": choice.no_time_with.name}
    return shown


def _advice(kid: Kid, match: FriendsKid | None, plan: Plan) -> str:
    activity = kid.favorite_activity
    where = {"outdoor": " outdoors", "indoor": " indoors", "either": ""}[setting(activity)]
    if not plan.lit:
        where = " indoors, for want of daylight"
    company, length = "", playdate_length(kid.age)
    if match:
        other = match.kid.favorite_activity
        company = f" with {match.kid.name}" + ("" if same_activity(activity, other) else f", who likes {other}")
        length = min(length, playdate_length(match.kid.age))
    return f"{activity.capitalize()}{where}{company}; {length.seconds // 60} minutes at most"


def _message(suggestions: Sequence[dict[str, Any]]) -> str:
    if not suggestions:
        return "Add your kids, and their week is planned here."
    found = sum(each["startsAt"] is not None for each in suggestions)
    return f"Times for {found} of {len(suggestions)} kids in the next two weeks."
