"""Notify a family that a playdate which concerns it has changed: its pages read their lists again."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from playmate.agents.playdate_announce import Change
from playmate.store import accounts, playdates
from playmate.store.accounts import GuardianId
from playmate.store.playdates import PlaydateId

#: The sentence by change, for the families that should hear of it.
MESSAGES: dict[str, str] = {
    "invited": "{name} invites you: {title}.",
    "asked": "{name} would like to join: {title}.",
    "joined": "{name} will come: {title}.",
    "left": "{name} will not come: {title}.",
    "approved": "You have a seat: {title}.",
    "rejected": "{name} cannot host you this time: {title}.",
    "moved": "{name} has set a new time: {title}. Please say whether you can come.",
    "cancelled": "{name} has cancelled: {title}.",
    "reminder": "Soon: {title}, {place}.",
}


class PlaydatesChanged(BaseModel):
    """The playdate, the change, the family that made it, and whether this family should hear of it."""

    model_config = ConfigDict(extra="forbid")

    playdateId: Annotated[int, Field(ge=1, le=2**63 - 1)]
    friendId: Annotated[int, Field(ge=1, le=2**63 - 1)]
    change: Change
    notified: bool = False
    idea: Annotated[str, Field(max_length=300)] | None = None


class PlaydateChangeShown(BaseModel):
    """The sentence to show; empty for a change that only updates lists."""

    playdateId: int
    change: Change
    message: str
    #: An idea for indoors in case it rains.
    idea: str | None = None


@agent("playdates.changed", payload=PlaydatesChanged, result=PlaydateChangeShown)
def changed(ctx: Context, payload: PlaydatesChanged) -> PlaydateChangeShown:
    friend = accounts.get_guardian(ctx.db, GuardianId(payload.friendId))
    playdate = playdates.get_playdate_of_worker(ctx.db, PlaydateId(payload.playdateId))
    text = MESSAGES.get(payload.change, "") if payload.notified and friend and playdate else ""
    if friend and playdate:
        text = text.format(name=friend.name, title=playdate.title, place=playdate.location_name)
    return PlaydateChangeShown(
        playdateId=payload.playdateId, change=payload.change, message=text, idea=payload.idea if text else None
    )
