"""Match the kids of two friends and propose times; while a friend request is open, describe the possible plans."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_serializer

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.erasure import forget_mentions
from orchestrator.model.errors import Refuse
from playmate.domain.compatibility import Child, Pair, pairs_for_all
from playmate.domain.friendship import Link, State
from playmate.sources.open_request import before_friendship
from playmate.sources.planner import Planner
from playmate.sources.weekly_plan import distance_between, is_beyond
from playmate.store import accounts, availability, friends, kids, plans, recommendations
from playmate.store.accounts import Guardian, GuardianId
from playmate.store.kids import Kid


class FriendRecommendations(BaseModel):
    """With whom."""

    model_config = ConfigDict(extra="forbid")

    friendId: Annotated[int, Field(ge=1, le=2**63 - 1)]


class Whole(BaseModel):
    """A part of a result whose nulls are shown: the contract names these fields whether or not they have a value."""

    @model_serializer(mode="plain")
    def _present(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}


class Recommendation(Whole):
    """Two kids who fit, and a time; exact times are null when the families share none."""

    kidId: int
    kidName: str
    matchName: str
    matchActivity: str
    compatibilityScore: int
    suggestedSlot: str
    matchId: int
    startsAt: str | None = None
    endsAt: str | None = None
    timeZone: str | None = None
    reason: str | None = None
    alternatives: list[dict[str, str]] = []


class Recommended(Whole):
    """The recommendations for one guardian about one friend. Without a playdate point the coordinates are null."""

    headline: str
    message: str
    friendId: int
    friendName: str
    friendLatitude: float | None
    friendLongitude: float | None
    recommendations: list[Recommendation]
    #: While the request is open: the owner's own free times and kids' activities, and nothing of the other family.
    ownFreeTimes: list[dict[str, Any]] = []
    ownActivities: list[str] = []


@agent("friend.recommendations", payload=FriendRecommendations, result=Recommended, flags=("availability_agent",))
def recommend(ctx: Context, payload: FriendRecommendations) -> Recommended:
    me, friend_id = _me(ctx), GuardianId(payload.friendId)
    # First: a change that commits after this moment leaves the stored recommendations outdated.
    changes = recommendations.changes_of(ctx.db, me.id, friend_id)
    linked = friends.share_link(ctx.db, me.id, friend_id)
    if changes is None or linked is None:
        raise Refuse("You are not friends with this guardian.", code="not_friends")
    link, name = linked
    if link.state is State.ACCEPTED:
        made = _between_friends(ctx, me, friends.lock_friends(ctx.db, me.id, friend_id)[0])
    else:
        made = _before_friendship(ctx, me, link, friend_id, name)
    result = made.model_dump(mode="json")
    # The removal of a kid has to correct every result that names it: one result for each friend is kept.
    earlier = recommendations.put_recommendations(ctx.db, me.id, friend_id, ctx.task_id, changes, result)
    forget_mentions(ctx, [], earlier, "recommendations")
    return made


def _me(ctx: Context) -> Guardian:
    me = accounts.get_guardian(ctx.db, accounts.guardian_id(ctx.owner))
    if me is None:
        raise Refuse("This account no longer exists.", code="no_account")
    return me


def _before_friendship(ctx: Context, me: Guardian, link: Link, friend: GuardianId, name: str) -> Recommended:
    shown = before_friendship(ctx.db, me, link, name)
    return Recommended(
        friendId=friend, friendName=name, friendLatitude=None, friendLongitude=None, recommendations=[], **shown
    )


def _between_friends(ctx: Context, me: Guardian, friend: Guardian) -> Recommended:
    availability.lock_pair(ctx.db, me.id, friend.id)
    mine, friends_kids = kids.lock_kids(ctx.db, me.id, [friend])
    theirs = [each.kid for each in friends_kids]
    planner = Planner.load(ctx.db, me, [friend.id]) if ctx.flags.get("availability_agent", True) else None
    distance = distance_between(me, friend)
    if is_beyond(distance, plans.get_plan(ctx.db, me.id).reach_km):
        found = []
        headline = f"{friend.name} lives {round(distance or 0):,} km away"
        message = "That is too far for an afternoon. You can change in the plan how far you travel."
    else:
        pairs = _pairs(mine, theirs)
        found = [_recommendation(ctx, planner, friend, one, other, pair.score) for one, other, pair in pairs]
        headline, message = _message(friend.name, len(found), bool(mine), bool(theirs))
    return Recommended(
        headline=headline,
        message=message,
        friendId=friend.id,
        friendName=friend.name,
        friendLatitude=friend.latitude,
        friendLongitude=friend.longitude,
        recommendations=found,
    )


def _pairs(mine: list[Kid], theirs: list[Kid]) -> list[tuple[Kid, Kid, Pair]]:
    """Both guardians get the same pairs: the family of the lower id is always asked first."""
    turned = bool(mine and theirs and theirs[0].guardian_id < mine[0].guardian_id)
    by_id = {kid.id: kid for kid in (*mine, *theirs)}
    first, second = (theirs, mine) if turned else (mine, theirs)
    pairs = pairs_for_all([_child(kid) for kid in first], [_child(kid) for kid in second])
    sides = [((pair.other, pair.one) if turned else (pair.one, pair.other), pair) for pair in pairs]
    found = [(by_id[one.id], by_id[other.id], pair) for (one, other), pair in sides]
    return sorted(found, key=lambda each: (-each[2].score, each[0].age, each[0].name))


def _child(kid: Kid) -> Child:
    return Child(kid.id, kid.name, kid.age, kid.favorite_activity)


def _recommendation(
    ctx: Context, planner: Planner | None, friend: Guardian, one: Kid, other: Kid, score: int
) -> Recommendation:
    plan = planner.together(one, friend, other) if planner else None
    if plan and plan.interval:
        availability.propose(ctx.db, one.id, other.id, plan.interval)
    return Recommendation(
        kidId=one.id,
        kidName=one.name,
        matchId=other.id,
        matchName=other.name,
        matchActivity=other.favorite_activity,
        compatibilityScore=score,
        suggestedSlot=plan.slot_text if plan else "Agree on a time together",
        **(plan.instants() if plan else {}),
    )


def _message(friend: str, count: int, have_mine: bool, have_theirs: bool) -> tuple[str, str]:
    """Headline and message."""
    if count:
        plural = "playdate" if count == 1 else "playdates"
        return f"{count} {plural} to plan with {friend}", "Paired by age and favourite activity."
    families = f"{friend} has" if have_mine else "You have"
    if not have_mine and not have_theirs:
        families = f"You and {friend} have"
    return f"No playdates with {friend} yet", f"{families} not added any kids."
