"""A friendship ends, or a guardian takes back an open request."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.erasure import forget_mentions
from orchestrator.model.errors import Refuse
from playmate.agents.friends_changed import notify
from playmate.domain.friendship import State
from playmate.store import accounts, availability, erasure, friends
from playmate.store.accounts import GuardianId


class FriendDelete(BaseModel):
    """With whom."""

    model_config = ConfigDict(extra="forbid")

    friendId: Annotated[int, Field(ge=1, le=2**63 - 1)]


class FriendDeleted(BaseModel):
    """How many friendships ended: one."""

    message: str
    removedCount: int


@agent("friend.delete", payload=FriendDelete, result=FriendDeleted, open_to_users=True, limit_per_owner=1)
def delete(ctx: Context, payload: FriendDelete) -> FriendDeleted:
    me, friend = accounts.guardian_id(ctx.owner), GuardianId(payload.friendId)
    link = friends.lock_link(ctx.db, me, friend)
    removed = friends.remove(ctx.db, me, friend)
    if not removed:
        raise Refuse("You are not friends with this family.", code="no_friendship")
    availability.withdraw(ctx.db, me, friend)
    # The kids of a former friend are a stranger's: both guardians lose the results about them.
    about, plans = erasure.notified_of_each_other(ctx.db, me, friend)
    forget_mentions(ctx, about, plans, "availabilityPlan")
    were_friends = link is not None and link.state is State.ACCEPTED
    notify(ctx, friend, "ended" if were_friends else "withdrawn")
    for owner in (me, friend) if were_friends else ():  # a trigger has already taken the suggestions out
        ctx.spawn("plan.make", {}, owner=str(owner), key=f"plan:{owner}")
    return FriendDeleted(message="The friendship has ended.", removedCount=removed)
