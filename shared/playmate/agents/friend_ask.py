"""A guardian asks another, known by name, to be friends."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import Refuse
from playmate.agents.friends_changed import notify, recommend_to_both
from playmate.domain.friendship import Asked, Refusal, judge_ask, judge_attention, judge_room
from playmate.store import accounts, friends
from playmate.store.accounts import GuardianId
from playmate.text_fields import AccountName


class FriendAsk(BaseModel):
    """Whom to ask."""

    model_config = ConfigDict(extra="forbid")

    friendName: AccountName


class Friend(BaseModel):
    """A guardian as friends lists show one."""

    id: int
    name: str


class FriendAsked(BaseModel):
    """The result of a friend request."""

    message: str
    friend: Friend


@agent("friend.ask", payload=FriendAsk, result=FriendAsked, open_to_users=True, limit_per_owner=1)
def ask(ctx: Context, payload: FriendAsk) -> FriendAsked:
    me = accounts.guardian_id(ctx.owner)
    if accounts.get_guardian(ctx.db, me) is None:
        raise Refuse("This account no longer exists.", code="no_account")
    found = accounts.find_guardian_by_name(ctx.db, payload.friendName)
    if found is None:
        raise Refuse(
            f"We know no family called “{payload.friendName}”. Check the spelling, or invite them to sign up.",
            code="unknown_friend",
        )
    friend_id, name = found
    if friend_id == me:
        raise Refuse("You cannot ask yourself to be your friend.", code="oneself")
    _check(judge_room(friends.count_links(ctx.db, me)))
    message = _link(ctx, me, friend_id, name)
    return FriendAsked(message=message, friend=Friend(id=friend_id, name=name))


def _link(ctx: Context, me: GuardianId, friend_id: GuardianId, name: str) -> str:
    link = friends.lock_link(ctx.db, me, friend_id)
    if link is None:
        _check_attention(ctx, friend_id, name)
        if friends.ask(ctx.db, me, friend_id) is not None:
            return _asked(ctx, me, friend_id, name)
        link = friends.lock_link(ctx.db, me, friend_id)
    if link is None:  # the other family's request was taken back between two statements
        friends.ask(ctx.db, me, friend_id)
        return _asked(ctx, me, friend_id, name)
    verdict = judge_ask(link, me, name)
    if isinstance(verdict, Refusal):
        raise Refuse(verdict.message, code=verdict.code)
    if verdict is Asked.THEY_ASKED_FIRST:
        return f"{name} has asked you already: you only need to accept."
    # Also where the refusal stays: the asker does not learn of it.
    _check_attention(ctx, friend_id, name)
    if verdict is Asked.STILL_REFUSED:
        friends.ask_refused_again(ctx.db, me, friend_id)
        ctx.spawn("friend.recommendations", {"friendId": friend_id}, owner=str(me), key=f"recommend:{me}")
        return f"{name} has been asked."  # the asker does not learn of the refusal
    friends.ask_anew(ctx.db, me, friend_id)
    return _asked(ctx, me, friend_id, name)


def _check(refusal: Refusal | None) -> None:
    """Raise Refuse for a refusal."""
    if refusal is not None:
        raise Refuse(refusal.message, code=refusal.code)


def _check_attention(ctx: Context, friend_id: GuardianId, name: str) -> None:
    """Raise Refuse when the family has the most unanswered requests that a list shows."""
    _check(judge_attention(friends.count_requests(ctx.db, friend_id), name))


def _asked(ctx: Context, me: GuardianId, friend_id: GuardianId, name: str) -> str:
    """Notify the asked family, and make the first recommendations for both."""
    notify(ctx, friend_id, "asked")
    recommend_to_both(ctx, me, friend_id)
    return f"{name} has been asked."
