"""A guardian moves the family's playdate point."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import Refuse
from playmate.rules.coordinates import normalise
from playmate.store import accounts, points


class PointUpdate(BaseModel):
    """Where the family likes to meet, in degrees; out of range is brought back into it."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    latitude: float
    longitude: float


class Coordinates(BaseModel):
    """A point in the wire's two odd names."""

    playdate_latit: float
    playdate_longi: float


class PointUpdated(BaseModel):
    """The point as it is kept."""

    message: str
    coordinates: Coordinates = Field(description="The point as it is kept.")


@agent("location.playdate.update", payload=PointUpdate, result=PointUpdated, open_to_users=True)
def update(ctx: Context, payload: PointUpdate) -> PointUpdated:
    point = normalise(payload.latitude, payload.longitude)
    if not points.set_point(ctx.db, accounts.guardian_id(ctx.owner), point):
        raise Refuse("This account no longer exists.", code="no_account")
    return PointUpdated(message="Your playdate point is saved.", coordinates=Coordinates(**point.public()))
