"""A friendship ends, or a guardian takes back an open request."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import Refuse
from playmate.store import accounts, availability, friends
from playmate.store.accounts import GuardianId


class FriendDelete(BaseModel):
    """With whom."""

    model_config = ConfigDict(extra="forbid")

    friendId: Annotated[int, Field(ge=1, le=2**63 - 1)]


class FriendDeleted(BaseModel):
    """How many friendships ended: one."""

    message: str
    removedCount: int


@agent("friend.delete", payload=FriendDelete, result=FriendDeleted, open_to_users=True)
def delete(ctx: Context, payload: FriendDelete) -> FriendDeleted:
    me, friend = accounts.guardian_id(ctx.owner), GuardianId(payload.friendId)
    removed = friends.remove(ctx.db, me, friend)
    if not removed:
        raise Refuse("There is no friendship with this guardian to delete.", code="no_friendship")
    availability.withdraw(ctx.db, me, friend)
    return FriendDeleted(message="The friendship is deleted.", removedCount=removed)
