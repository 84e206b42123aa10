"""Renew the recommendations that a change of a family has outdated: its own, and those of its friends about it.

Several changes within seconds are one renewal: the task is unique for its family, and each change postpones it. One
task asks for a bounded number of renewals, and a further task for the rest, so a family with many friends does not fill
the queue at once.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.unique import Unique, debounce
from playmate.store import accounts, recommendations

#: Seconds without a further change after which a renewal begins, and after which it begins in any case.
QUIET, LONGEST_DELAY = 3.0, 30.0
#: Renewals that one task asks for.
MOST = 100
#: Seconds after which a renewal that did not end is asked for again.
PATIENCE = 300.0


class RecommendationsRenew(BaseModel):
    """Nothing: the outdated rows say which recommendations to renew."""

    model_config = ConfigDict(extra="forbid")


class RenewalsAsked(BaseModel):
    """The number of recommendations that are being renewed."""

    asked: int


@agent(
    "recommendations.renew",
    payload=RecommendationsRenew,
    result=RenewalsAsked,
    limit_per_owner=1,  # it keeps its owner's recommendations locked
    max_attempts=10,
    unique=Unique(lambda _: "family", debounce(QUIET, LONGEST_DELAY)),
)
def renew(ctx: Context, payload: RecommendationsRenew) -> RenewalsAsked:
    me = accounts.guardian_id(ctx.owner)
    pairs = recommendations.ask_for_renewals(ctx.db, me, MOST, PATIENCE)
    for guardian, friend in pairs:
        ctx.spawn("friend.recommendations", {"friendId": friend}, owner=str(guardian), key=f"{guardian}:{friend}")
    if len(pairs) == MOST:
        ctx.spawn("recommendations.renew", {}, key="rest")
    return RenewalsAsked(asked=len(pairs))
