"""Notify a guardian that another family changed their friendship: the owner's pages read their lists again.

It is a task of the family concerned, so its events reach every watcher of that family by the rules of any task:
in order, after the last cursor, also for a page that was away.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from playmate.store import accounts
from playmate.store.accounts import GuardianId

Change = Literal["asked", "accepted", "ended", "withdrawn"]

#: The sentence for the family, for changes that it should hear of.
MESSAGES: dict[str, str] = {
    "asked": "{name} would like to be your friend.",
    "accepted": "{name} accepted your request.",
    "ended": "You and {name} are no longer friends.",
}


class FriendsChanged(BaseModel):
    """The change, and the family that made it."""

    model_config = ConfigDict(extra="forbid")

    friendId: Annotated[int, Field(ge=1, le=2**63 - 1)]
    change: Change


class ChangeShown(BaseModel):
    """The sentence to show; empty for a change that only updates lists."""

    change: Change
    message: str


@agent("friends.changed", payload=FriendsChanged, result=ChangeShown)
def changed(ctx: Context, payload: FriendsChanged) -> ChangeShown:
    friend = accounts.get_guardian(ctx.db, GuardianId(payload.friendId))
    text = MESSAGES.get(payload.change, "") if friend else ""
    return ChangeShown(change=payload.change, message=text.format(name=friend.name) if friend else "")


def notify(ctx: Context, owner: GuardianId, change: Change) -> None:
    """Notify `owner` that the family of this task changed their friendship; commits with the task."""
    payload = {"friendId": int(ctx.owner), "change": change}
    ctx.spawn("friends.changed", payload, owner=str(owner), key=f"changed:{owner}")


def recommend_to_both(ctx: Context, me: GuardianId, friend: GuardianId) -> None:
    """Recommend to both families of a link; commits with the task."""
    for owner, other in ((me, friend), (friend, me)):
        ctx.spawn("friend.recommendations", {"friendId": other}, owner=str(owner), key=f"recommend:{owner}")
