"""Erases a guardian's account and all that was ever kept about it; a tombstone without a name remains."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.engine.erasure import forget_mentions, forget_owner
from playmate.store import accounts, erasure


class AccountForget(BaseModel):
    """Nothing to say: the account is the owner's own."""

    model_config = ConfigDict(extra="forbid")


class AccountForgotten(BaseModel):
    """That it is done."""

    message: str


@agent(
    "account.forget",
    payload=AccountForget,
    result=AccountForgotten,
    max_attempts=10,
    after_neighbours=True,
    for_good=True,
)
def forget_account(ctx: Context, payload: AccountForget) -> AccountForgotten:
    me = accounts.guardian_id(ctx.owner)
    guardian = accounts.get_guardian(ctx.db, me)
    if guardian is not None:
        # First: it waits for friends' handlers, so their results about the family are found below.
        erasure.erase_guardian(ctx.db, me)
        about, plans = erasure.mentions(ctx.db, guardian), erasure.plans_with(ctx.db, guardian)
        forget_mentions(ctx, about, plans, "availabilityPlan")
    forget_owner(ctx)
    return AccountForgotten(message="Your account and all its data are erased.")
