"""Renew recommendations whose proposed time has passed, also for families that do not open their page.

One task asks for a bounded number of families, and a further task for the rest.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from playmate.store import recommendations

#: Families whose renewal one task asks for.
MOST = 100


class PassedTimes(BaseModel):
    """The id of the family after which to begin."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0


class FamiliesAsked(BaseModel):
    """The number of families whose recommendations are being renewed."""

    asked: int


@agent(
    "recommendations.renewPassed",
    payload=PassedTimes,
    result=FamiliesAsked,
    max_attempts=10,
    every="1h",
    overlap="skip",
)
def renew_passed(ctx: Context, payload: PassedTimes) -> FamiliesAsked:
    families = recommendations.families_with_passed_times(ctx.db, payload.after, MOST)
    for family in families:
        ctx.spawn("recommendations.renew", {}, owner=str(family), key=f"family:{family}")
    if len(families) == MOST:
        ctx.spawn("recommendations.renewPassed", {"after": families[-1]}, key="rest")
    return FamiliesAsked(asked=len(families))
