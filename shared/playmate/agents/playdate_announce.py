"""Notify every family that a change of a playdate concerns; the family that made the change submits it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from playmate.store import accounts, playdates
from playmate.store.accounts import GuardianId
from playmate.store.playdates import Concerned, PlaydateId

Change = Literal[
    "invited", "asked", "joined", "left", "approved", "rejected", "moved", "changed", "cancelled", "reminder"
]

#: Changes for the host, for the one guest, and for all guests; a family only updates its lists for another change.
TO_HOST, TO_GUEST, TO_GUESTS = {"asked", "joined", "left"}, {"invited", "approved", "rejected"}, {"moved", "cancelled"}


class PlaydateAnnounce(BaseModel):
    """The playdate, the change, and the guest whom it is about."""

    model_config = ConfigDict(extra="forbid")

    playdateId: Annotated[int, Field(ge=1, le=2**63 - 1)]
    change: Change
    guestId: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


class PlaydateAnnounced(BaseModel):
    """The number of families that are notified."""

    notified: int


@agent("playdate.announce", payload=PlaydateAnnounce, result=PlaydateAnnounced, max_attempts=10)
def announce(ctx: Context, payload: PlaydateAnnounce) -> PlaydateAnnounced:
    me = accounts.guardian_id(ctx.owner)
    about = GuardianId(payload.guestId or me)
    families = playdates.concerned(ctx.db, PlaydateId(payload.playdateId), about)
    others = [each for each in families if each.guardian_id != me]
    for each in others:
        notified = _is_notified(payload.change, each, about)
        notify_of_playdate(ctx, each.guardian_id, payload.playdateId, payload.change, notified=notified)
    return PlaydateAnnounced(notified=len(others))


def notify_of_playdate(
    ctx: Context, owner: GuardianId, playdate: int, change: Change, *, notified: bool, idea: str | None = None
) -> None:
    """Notify `owner` of a change that the family of this task made; commits with the task."""
    payload = {"playdateId": playdate, "friendId": int(ctx.owner), "change": change, "notified": notified, "idea": idea}
    ctx.spawn("playdates.changed", payload, owner=str(owner), key=f"changed:{owner}")


def _is_notified(change: Change, family: Concerned, about: GuardianId) -> bool:
    if change in TO_HOST:
        return family.role == "host"
    if change in TO_GUEST:
        return family.guardian_id == about
    return change in TO_GUESTS
