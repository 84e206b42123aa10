"""The asked guardian answers a request; accepting plans playdates for both families."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import Refuse
from playmate.agents.friends_changed import notify, recommend_to_both
from playmate.domain.friendship import Answered, Link, Refusal, State, judge_answer, judge_room
from playmate.store import accounts, friends
from playmate.store.accounts import GuardianId

MESSAGES = {
    State.PENDING: "The request is open.",
    State.ACCEPTED: "You are friends now.",
    State.REFUSED: "The request is refused.",
}


class FriendState(BaseModel):
    """Whose request, and the answer: 0 pending, 1 accepted, 2 refused."""

    model_config = ConfigDict(extra="forbid")

    friendId: Annotated[int, Field(ge=1, le=2**63 - 1)]
    state: Literal[0, 1, 2]


class FriendLink(BaseModel):
    """The asker, the asked guardian, and the answer."""

    askerId: int
    receiverId: int
    state: int


class FriendStateSet(BaseModel):
    """The link as it is now."""

    message: str
    friendLink: FriendLink


@agent("friend.setState", payload=FriendState, result=FriendStateSet, open_to_users=True, limit_per_owner=1)
def set_state(ctx: Context, payload: FriendState) -> FriendStateSet:
    me, friend = accounts.guardian_id(ctx.owner), GuardianId(payload.friendId)
    wanted = State(payload.state)
    link = friends.lock_link(ctx.db, me, friend)
    verdict = judge_answer(link, me, wanted)
    if isinstance(verdict, Refusal):
        raise Refuse(verdict.message, code=verdict.code)
    if verdict is Answered.STATE:
        if wanted is State.ACCEPTED and (full := judge_room(friends.count_links(ctx.db, me))) is not None:
            raise Refuse(full.message, code=full.code)
        link = friends.answer(ctx.db, me, friend, wanted)
        if wanted is State.ACCEPTED:
            recommend_to_both(ctx, me, friend)
            notify(ctx, friend, "accepted")  # the asker does not learn of a refusal
    return _result(link, wanted, verdict)


def _result(link: Link | None, wanted: State, verdict: Answered) -> FriendStateSet:
    if link is None:
        raise Refuse("This family has never asked you to be friends.", code="never_asked")
    message = MESSAGES[wanted] if verdict is Answered.STATE else f"{MESSAGES[wanted]} Nothing has changed."
    shown = FriendLink(askerId=link.asker_id, receiverId=link.receiver_id, state=link.state)
    return FriendStateSet(message=message, friendLink=shown)
