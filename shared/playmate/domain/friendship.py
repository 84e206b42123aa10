"""The legal changes of the link between two guardians, and the messages for the others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

#: Friends of a guardian with the requests that the guardian made, and open requests to a guardian: lists have no pages.
MOST_LINKS = 500


class State(IntEnum):
    """State of a link; the numbers are the wire's and the database's."""

    PENDING = 0
    ACCEPTED = 1
    REFUSED = 2
    #: The asker withdrew a refused request. The refusal stays, so that the asker does not learn of it.
    WITHDRAWN = 3


@dataclass(frozen=True, slots=True)
class Link:
    """The asker, the asked guardian, and the answer."""

    asker_id: int
    receiver_id: int
    state: State


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason of a refusal: a message for the guardian, a code for programs."""

    message: str
    code: str


class Asked(Enum):
    """The effect of a request when the pair has a link already."""

    THEY_ASKED_FIRST = "they asked first"
    ASK_ANEW = "ask anew"
    STILL_REFUSED = "still refused"


class Answered(Enum):
    """The effect of an answer."""

    NOTHING = "nothing"
    STATE = "state"


def judge_room(links: int) -> Refusal | None:
    """Return why a guardian with that many friends and own requests cannot have one more, or None."""
    if links < MOST_LINKS:
        return None
    message = (
        f"You have {MOST_LINKS} friends and open requests, which is the most. "
        "End a friendship or take back a request first."
    )
    return Refusal(message, "too_many_friends")


def judge_attention(requests: int, name: str) -> Refusal | None:
    """Return why a guardian with that many unanswered requests cannot be asked, or None."""
    if requests < MOST_LINKS:
        return None
    return Refusal(
        f"{name} has {MOST_LINKS} unanswered requests, which is the most. Ask again later.", "too_many_requests"
    )


def judge_ask(link: Link, asker_id: int, name: str) -> Asked | Refusal:
    """Return the effect of a new request beside the existing `link`. `name` is the asked guardian."""
    mine = link.asker_id == asker_id
    asked = Refusal(f"You asked {name} already; the answer is still open.", "asked_already")
    match link.state:
        case State.ACCEPTED:
            return Refusal(f"You and {name} are friends already.", "friends_already")
        case State.PENDING:
            return asked if mine else Asked.THEY_ASKED_FIRST
        case State.REFUSED:
            # The same message as for an open request: the asker does not learn of a refusal.
            return asked if mine else Asked.ASK_ANEW
        case State.WITHDRAWN:
            return Asked.STILL_REFUSED if mine else Asked.ASK_ANEW


def judge_answer(link: Link | None, guardian_id: int, wanted: State) -> Answered | Refusal:
    """Return whether the guardian may set the link to `wanted`: only the asked guardian answers."""
    if link is None or link.state is State.WITHDRAWN:
        return Refusal("This family has never asked you to be friends.", "never_asked")
    if link.receiver_id != guardian_id:
        return Refusal("It was you who asked: the answer is not yours to give.", "own_request")
    if link.state is wanted:
        return Answered.NOTHING
    if wanted is State.PENDING:
        return Refusal("An answer that was given cannot be made open again.", "answered_already")
    if link.state is State.ACCEPTED:
        return Refusal("You are friends already; delete the friendship to end it.", "friends_already")
    return Answered.STATE
