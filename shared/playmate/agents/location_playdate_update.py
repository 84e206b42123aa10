"""A guardian moves the family's playdate point; two agents describe the family's week there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.erasure import forget_mentions
from orchestrator.model.errors import Refuse
from playmate.agents.plan_make import make_plan
from playmate.domain.activities import setting
from playmate.domain.coordinates import Point, normalise
from playmate.sources import local_insight, narrative, nearby
from playmate.sources.local_insight import Locality, Retrieved
from playmate.sources.nearby import Venue
from playmate.sources.outside import Answer
from playmate.store import accounts, availability, erasure, kids, points, recommendations
from playmate.store.accounts import GuardianId
from playmate.store.kids import Kid
from playmate.store.knowledge import Question

#: Earlier plans that a guardian keeps. The removal of a kid has to correct every plan that names it.
PLANS_KEPT = 20


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
    """The point as it is kept, and the texts of the agents that are switched on."""

    message: str
    coordinates: Coordinates
    availabilityPlan: dict[str, Any] | None = None
    localInsight: dict[str, Any] | None = None


@agent(
    "location.playdate.update",
    payload=PointUpdate,
    result=PointUpdated,
    open_to_users=True,
    limit_per_owner=1,  # it keeps its owner's point locked while it plans
    flags=("availability_agent", "local_insight_agent"),
    opt_in=("insight_narrative", "amazon_places"),
)
def update(ctx: Context, payload: PointUpdate) -> PointUpdated:
    me, point = accounts.guardian_id(ctx.owner), normalise(payload.latitude, payload.longitude)
    # Outside sources first: no transaction is open while they answer.
    insight = _insight(ctx, me, point) if ctx.flags.get("local_insight_agent", True) else None
    if not points.set_point(ctx.db, me, point):
        raise Refuse("This account no longer exists.", code="no_account")
    if recommendations.has_changes(ctx.db, me):
        ctx.spawn("recommendations.renew", {}, key="renew")
    forget_mentions(ctx, [], erasure.old_plans(ctx.db, me, PLANS_KEPT), "availabilityPlan")
    guardian = accounts.get_guardian(ctx.db, me)
    planned = ctx.flags.get("availability_agent", True) and guardian is not None
    return PointUpdated(
        message="Your playdate point is saved.",
        coordinates=Coordinates(**point.public()),
        availabilityPlan=make_plan(ctx) if planned and guardian else None,
        localInsight=insight,
    )


def _insight(ctx: Context, me: GuardianId, point: Point) -> dict[str, Any]:
    """Locate, retrieve, find meeting points, compose. Each is a durable step that a retry does not repeat."""
    ctx.progress("Looking at your new place", percent=10)
    with ctx.read() as db:
        mine, now = kids.of_guardian(db, me), availability.clock(db)
    locality = ctx.step("insight.locate", lambda _: local_insight.locate(point, now))
    question = local_insight.ask(locality, mine)
    documents = ctx.step("insight.retrieve", lambda _: _retrieve(ctx, question))
    ctx.progress("Choosing ideas for your family", percent=50)
    wanted = _settings(question, mine)
    around = ctx.step("insight.places", lambda _: _venues_around(ctx, point, question, wanted))
    insight = local_insight.compose(locality, documents, around["places"], around["missing"])
    if ctx.flags.get("insight_narrative", False):
        text = ctx.step("insight.narrate", lambda _: _narrate(ctx, locality, documents))
        insight |= {"summary": text or insight["summary"], "narrated": text is not None}
    return insight


def _retrieve(ctx: Context, question: Question) -> list[Retrieved]:
    with ctx.read() as db:
        return local_insight.retrieve(db, question)


def _settings(question: Question, mine: Sequence[Kid]) -> list[str]:
    """Return indoor and outdoor in order: the day's setting first, then the kids' settings."""
    settings = [question.setting, *(setting(kid.favorite_activity) for kid in mine)]
    return [each for each in dict.fromkeys(settings) if each != "either"]


def _venues_around(ctx: Context, point: Point, question: Question, settings: Sequence[str]) -> dict[str, Any]:
    """Return meeting points near by as JSON, from Amazon Location if it is on and answers, else from the documents."""
    answer: Answer[list[Venue]] = Answer(None)
    if ctx.flags.get("amazon_places", False):
        answer = nearby.find(nearby.amazon_venues(), nearby.amazon_source(), point, settings)
    found = answer.value
    if not found:
        with ctx.read() as db:
            known = nearby.KnownVenues(db, question)
            found = [venue for each in settings for venue in known.near(point, each)]
    return {"places": [venue.record() for venue in found], "missing": [answer.missing] if answer.missing else []}


def _narrate(ctx: Context, locality: Locality, documents: Sequence[Retrieved]) -> str | None:
    """The language model's summary, streamed to the owner as it grows."""
    ground = narrative.Ground(
        country=locality["countryName"],
        season=locality["season"],
        daylight_hours=locality["daylightHours"],
        documents=[(document["title"], document["body"]) for document in documents],
    )
    show = narrative.paced(lambda text: ctx.progress("Writing a summary", percent=80, data={"narrative": text}))
    return narrative.narrate(ground, show, seconds=min(narrative.DEADLINE, ctx.remaining() / 2))
