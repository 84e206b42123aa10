"""Outside sources that hang, fail or recover: no source delays a task beyond its time limit."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from playmate.domain.coordinates import Point
from playmate.sources.nearby import AmazonVenues, Venue, find
from playmate.sources.outside import SlowSourceError, Source, within

HERE = Point(48.85661, 2.35222)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Counted:
    """A source that answers, fails or hangs as `answer` says, and counts its calls in `asked`."""

    answer: str | None = "yes"
    asked: int = 0
    hang: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> str:
        self.asked += 1
        if self.answer is None:
            raise ConnectionError("away")
        if self.answer == "hang":
            self.hang.wait(30)
        return self.answer


def test_an_answer_is_kept() -> None:
    source, asked, clock = Source[str]("Maps"), Counted(), Clock()
    source.clock = clock
    assert source.ask("k", asked).value == source.ask("k", asked).value == "yes"
    assert asked.asked == 1
    clock.now = source.keep + 1
    assert source.ask("k", asked).value == "yes"
    assert asked.asked == 2


def test_a_failure_names_the_missing_part() -> None:
    answer = Source[str]("Maps").ask("k", Counted(None))
    assert (answer.value, answer.missing) == (None, "Maps failed.")


def test_a_source_that_hangs_is_left_behind() -> None:
    asked = Counted("hang")
    answer = Source[str]("Maps", timeout=0.01).ask("k", asked)
    asked.hang.set()
    assert answer.missing == "Maps did not answer."


def test_a_broken_source_is_left_alone_and_tried_again_later() -> None:
    source, clock = Source[str]("Maps", patience=3, pause=60), Clock()
    source.clock = clock
    away = Counted(None)
    for _ in range(5):
        source.ask("k", away)
    assert away.asked == 3
    clock.now = 61
    assert source.ask("k", Counted()).value == "yes"


def test_an_old_answer_serves_while_the_source_is_away() -> None:
    source, clock = Source[str]("Maps", keep=10), Clock()
    source.clock = clock
    source.ask("k", Counted("old"))
    clock.now = 11
    answer = source.ask("k", Counted(None))
    assert answer.value == "old"
    assert answer.missing == "Maps failed; an earlier answer is used."


def test_answers_are_not_kept_for_ever() -> None:
    source = Source[str]("Maps", room=2)
    first = Counted()
    for key in ("a", "b", "c"):
        source.ask(key, first)
    source.ask("a", first)
    assert first.asked == 4


def test_within_raises_the_error_of_the_call() -> None:
    with pytest.raises(ConnectionError):
        within(1, Counted(None))
    with pytest.raises(SlowSourceError):
        within(0.01, Counted("hang"))


class TestVenues:
    def test_amazon_location_is_asked_for_a_rounded_point(self) -> None:
        asked: list[dict[str, object]] = []

        def call(service: str, operation: str, **parameters: object) -> dict[str, object]:
            asked.append({"service": service, "operation": operation, **parameters})
            item = {"Title": "Jardin", "Distance": 420, "Categories": [{"Name": "Park"}]}
            return {"ResultItems": [item]}

        found = find(AmazonVenues(call), Source("Amazon Location"), HERE, ["outdoor"])
        assert found.value == [Venue("Jardin", "Park", "outdoor", 420, "Amazon Location")]
        assert (asked[0]["service"], asked[0]["operation"]) == ("geo-places", "search_nearby")
        assert asked[0]["QueryPosition"] == [2.35, 48.86]

    def test_without_an_answer_it_says_so(self) -> None:
        def call(*_: object, **__: object) -> dict[str, object]:
            raise ConnectionError("away")

        found = find(AmazonVenues(call), Source("Amazon Location"), HERE, ["indoor"])
        assert found.value is None
        assert found.missing == "Amazon Location failed."
