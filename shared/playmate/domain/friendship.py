"""What may become of the link between two guardians, and the words for what may not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class State(IntEnum):
    """State of a link; the numbers are the wire's and the database's."""

    PENDING = 0
    ACCEPTED = 1
    REFUSED = 2


@dataclass(frozen=True, slots=True)
class Link:
    """Who asked whom, and what came of it."""

    asker_id: int
    receiver_id: int
    state: State


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be: words for the guardian, a code for programs."""

    message: str
    code: str


class Asked(Enum):
    """What asking comes to when the pair has a link already."""

    THEY_ASKED_FIRST = "they asked first"
    ASK_ANEW = "ask anew"


class Answered(Enum):
    """What an answer changes."""

    NOTHING = "nothing"
    STATE = "state"


def judge_ask(link: Link, asker_id: int, name: str) -> Asked | Refusal:
    """What a new request means beside the existing `link`; `name` is the one asked."""
    mine = link.asker_id == asker_id
    match link.state:
        case State.ACCEPTED:
            return Refusal(f"You and {name} are friends already.", "friends_already")
        case State.PENDING:
            asked = Refusal(f"You asked {name} already; the answer is still open.", "asked_already")
            return asked if mine else Asked.THEY_ASKED_FIRST
        case State.REFUSED:
            refused = Refusal(f"{name} has refused your request.", "refused_already")
            return refused if mine else Asked.ASK_ANEW


def judge_answer(link: Link | None, guardian_id: int, wanted: State) -> Answered | Refusal:
    """Whether the guardian may set the link to `wanted`: only the one who was asked answers."""
    if link is None:
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
