"""The availability agent's answer: for each kid of a guardian the best time, with a friend where one fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.store.db import Connection
from playmate.rules.activities import setting
from playmate.rules.availability import playdate_length
from playmate.rules.compatibility import Child, compatibility
from playmate.rules.wording import day_name, hours
from playmate.store import kids
from playmate.store.accounts import Guardian
from playmate.store.availability import Proposal
from playmate.store.kids import FriendsKid, Kid
from playmate.tools.planning import NO_TIME, Plan, Planner

#: Below this a friend's kid is no company worth planning around.
GOOD_MATCH = 5


def plan_week(conn: Connection, me: Guardian) -> dict[str, Any]:
    """{message, suggestions}, one suggestion for each kid, youngest first."""
    mine = sorted(kids.of_guardian(conn, me.id), key=lambda kid: (kid.age, kid.name))
    theirs = kids.of_friends(conn, me.id)
    planner = Planner.load(conn, me, {each.guardian.id for each in theirs})
    suggestions = [_suggestion(kid, match, plan) for kid, match, plan in _plans(planner, mine, theirs)]
    return {"message": _message(suggestions), "suggestions": suggestions}


def _plans(
    planner: Planner, mine: Sequence[Kid], theirs: Sequence[FriendsKid]
) -> Iterator[tuple[Kid, FriendsKid | None, Plan]]:
    """Kid by kid; a time given to one family is taken for every other family after it."""
    for kid in mine:
        match = _best_match(kid, theirs)
        plan = planner.together(kid, match.guardian, match.kid) if match else planner.alone(kid)
        if match and plan.interval is None:
            alone = planner.alone(kid)
            told = f"No time in common with {match.guardian.name}. {alone.reason}"
            match, plan = None, replace(alone, reason=told)
        if match and plan.interval:
            pair = frozenset({planner.me.id, match.guardian.id})
            given = Proposal(frozenset({kid.id, match.kid.id}), frozenset(pair), plan.interval)
            planner.proposals = [*planner.proposals, given]
        yield kid, match, plan


def _best_match(kid: Kid, theirs: Sequence[FriendsKid]) -> FriendsKid | None:
    """The friends' kid who fits best; among equals the youngest, then by name."""

    def fit(each: FriendsKid) -> int:
        return compatibility(_child(kid), _child(each.kid))

    good = [each for each in theirs if fit(each) >= GOOD_MATCH]
    return min(good, key=lambda each: (-fit(each), each.kid.age, each.kid.name, each.kid.id), default=None)


def _child(kid: Kid) -> Child:
    return Child(kid.id, kid.name, kid.age, kid.favorite_activity)


def _suggestion(kid: Kid, match: FriendsKid | None, plan: Plan) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kidName": kid.name,
        "kidId": kid.id,
        "suggestedDay": day_name(plan.interval, plan.zone) if plan.interval else "No day yet",
        "suggestedSlot": hours(plan.interval, plan.zone) if plan.interval else NO_TIME,
        "activityHint": _hint(kid, match, plan),
        **plan.instants(),
    }
    if match:
        shown |= {"friendId": match.guardian.id, "friendName": match.guardian.name, "matchName": match.kid.name}
    return shown


def _hint(kid: Kid, match: FriendsKid | None, plan: Plan) -> str:
    where = {"outdoor": " outdoors", "indoor": " indoors", "either": ""}[setting(kid.favorite_activity)]
    if not plan.lit:
        where = " indoors, for want of daylight"
    company = f" with {match.kid.name}" if match else ""
    minutes = playdate_length(kid.age).seconds // 60
    return f"{kid.favorite_activity.capitalize()}{where}{company}, {minutes} minutes at most"


def _message(suggestions: Sequence[dict[str, Any]]) -> str:
    if not suggestions:
        return "Add your kids, and their week is planned here."
    found = sum(each["startsAt"] is not None for each in suggestions)
    return f"Times for {found} of {len(suggestions)} kids in the next two weeks."
