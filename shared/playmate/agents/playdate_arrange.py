"""Wait until the evening before a playdate, and remind everybody who takes part.

Each time of a playdate has a task of its own: with a new time the version is another one, and the task of the earlier
version ends without a reminder. The wait needs no worker, and it ends by the clock of the database.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from playmate.agents.playdate_announce import notify_of_playdate
from playmate.domain.activities import setting
from playmate.domain.playdates import evening_before
from playmate.sources.planner import Planner
from playmate.sources.rainy_day import indoor_idea
from playmate.store import accounts, kids, playdates
from playmate.store.playdates import Playdate, PlaydateId


class PlaydateArrange(BaseModel):
    """The playdate, and the version of its time."""

    model_config = ConfigDict(extra="forbid")

    playdateId: Annotated[int, Field(ge=1, le=2**63 - 1)]
    version: Annotated[int, Field(ge=1)]


class PlaydateArranged(BaseModel):
    """The number of families that were reminded, and why there were none."""

    reminded: int
    message: str


@agent(
    "playdate.arrange",
    payload=PlaydateArrange,
    result=PlaydateArranged,
    max_attempts=10,
    deadline="366d",
    opt_in=("rainy_day_ideas",),
)
def arrange(ctx: Context, payload: PlaydateArrange) -> PlaydateArranged:
    playdate = playdates.get_playdate_of_worker(ctx.db, PlaydateId(payload.playdateId))
    reason = _why_over(playdate, payload.version)
    if playdate is None or reason:
        return PlaydateArranged(reminded=0, message=reason)
    evening = _evening(ctx, playdate)
    # Another point of the host moves the evening: then the task sleeps once more.
    ctx.sleep(f"until {evening:%Y-%m-%d %H:%M}", until=evening)
    families = [
        each for each in playdates.concerned(ctx.db, playdate.id, playdate.host_id) if each.status == "approved"
    ]
    idea = _idea(ctx, playdate)
    for family in families:
        notify_of_playdate(ctx, family.guardian_id, playdate.id, "reminder", notified=True, idea=idea)
    return PlaydateArranged(reminded=len(families), message="Everybody has been reminded.")


def _why_over(playdate: Playdate | None, version: int) -> str:
    """Return why there is no reminder; empty when there is one."""
    if playdate is None or playdate.status == "cancelled":
        return "The playdate is cancelled."
    if playdate.version != version:
        return "The playdate has a new time."
    return "The playdate has begun." if playdate.starts_at <= playdate.now else ""


def _evening(ctx: Context, playdate: Playdate) -> datetime:
    host = accounts.get_guardian(ctx.db, playdate.host_id)
    assert host is not None  # noqa: S101 (the playdate goes with its host)
    zone = Planner.load(ctx.db, host, []).zone_of(host)
    return evening_before(playdate.starts_at, zone)


def _idea(ctx: Context, playdate: Playdate) -> str | None:
    """Return an indoor idea in case it rains on an outdoor playdate, when the flag is on."""
    if not ctx.flags.get("rainy_day_ideas", False) or setting(playdate.activity) == "indoor":
        return None
    host = accounts.get_guardian(ctx.db, playdate.host_id)
    return indoor_idea(ctx.db, host, kids.of_guardian(ctx.db, playdate.host_id), playdate.starts_at) if host else None
