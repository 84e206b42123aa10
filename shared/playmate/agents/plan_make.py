"""A guardian plans again: with the point, the hours, the kids and the friends of now."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import Refuse
from playmate.sources.weekly_plan import plan_week
from playmate.store import accounts, plans


class PlanMake(BaseModel):
    """Nothing: the plan is made from the family's settings."""

    model_config = ConfigDict(extra="forbid")


class PlanMade(BaseModel):
    """The plan's message; the plan itself is a resource of its own."""

    message: str


@agent(
    "plan.make", payload=PlanMake, result=PlanMade, open_to_users=True, flags=("availability_agent",), limit_per_owner=1
)
def make(ctx: Context, payload: PlanMake) -> PlanMade:
    if not ctx.flags.get("availability_agent", True):
        raise Refuse("We have paused planning for everybody. Your hours and friends are kept.", code="planning_paused")
    return PlanMade(message=make_plan(ctx)["message"])


def make_plan(ctx: Context) -> dict[str, Any]:
    """Make the owner's plan and store it; return {message, suggestions, tooFar}. Raise Refuse when the account is gone.

    The plan's row is locked first, so that a change by another task waits and then marks this plan as out of date.
    """
    me = accounts.guardian_id(ctx.owner)
    reach = plans.lock_plan(ctx.db, me)
    guardian = accounts.get_guardian(ctx.db, me)
    if guardian is None:
        raise Refuse("This account no longer exists.", code="no_account")
    plan = plan_week(ctx.db, guardian, reach)
    plans.put_plan(ctx.db, me, plan)
    return plan
