from __future__ import annotations

import pytest

from playmate.domain.friendship import Answered, Asked, Link, Refusal, State, judge_answer, judge_ask

ME, OTHER = 1, 2


@pytest.mark.parametrize(
    ("link", "verdict"),
    [
        (Link(ME, OTHER, State.PENDING), "asked_already"),
        (Link(OTHER, ME, State.PENDING), Asked.THEY_ASKED_FIRST),
        (Link(ME, OTHER, State.ACCEPTED), "friends_already"),
        (Link(OTHER, ME, State.ACCEPTED), "friends_already"),
        (Link(ME, OTHER, State.REFUSED), "asked_already"),
        (Link(OTHER, ME, State.REFUSED), Asked.ASK_ANEW),
    ],
)
def test_asking_beside_a_link(link: Link, verdict: Asked | str) -> None:
    found = judge_ask(link, ME, "Bruno")
    assert (found.code if isinstance(found, Refusal) else found) == verdict


@pytest.mark.parametrize(
    ("link", "wanted", "verdict"),
    [
        (None, State.ACCEPTED, "never_asked"),
        (Link(ME, OTHER, State.PENDING), State.ACCEPTED, "own_request"),
        (Link(OTHER, ME, State.PENDING), State.PENDING, Answered.NOTHING),
        (Link(OTHER, ME, State.PENDING), State.ACCEPTED, Answered.STATE),
        (Link(OTHER, ME, State.PENDING), State.REFUSED, Answered.STATE),
        (Link(OTHER, ME, State.REFUSED), State.ACCEPTED, Answered.STATE),
        (Link(OTHER, ME, State.REFUSED), State.PENDING, "answered_already"),
        (Link(OTHER, ME, State.ACCEPTED), State.ACCEPTED, Answered.NOTHING),
        (Link(OTHER, ME, State.ACCEPTED), State.REFUSED, "friends_already"),
    ],
)
def test_answers(link: Link | None, wanted: State, verdict: Answered | str) -> None:
    found = judge_answer(link, ME, wanted)
    assert (found.code if isinstance(found, Refusal) else found) == verdict
