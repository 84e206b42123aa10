"""A watch continues through a time without answers, and reports it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from orchestrator_cli.session import Refusal
from orchestrator_cli.watch import no_answer, poll


class Clock:
    """Time passes by waiting alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("threading.Event.wait", lambda _, seconds: self._wait(seconds))

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Asked:
    """Answers a number, or refuses with a status."""

    def __init__(self, *answers: int | Refusal) -> None:
        self._answers = iter(answers)

    def __call__(self) -> int:
        answer = next(self._answers)
        if isinstance(answer, Refusal):
            raise answer
        return answer


def refused(status: int) -> Refusal:
    return Refusal(status, "words")


@pytest.mark.parametrize("status", [0, 429, 502, 503, 504])
def test_a_passing_error_is_waited_for_longer_each_time(clock: Clock, status: int) -> None:
    silences: list[float] = []
    asked = Asked(1, *[refused(status)] * 6, 2, 3)
    assert list(islice(poll(asked, 2.0, silences.append), 3)) == [1, 2, 3]
    assert clock.waits == [2, 4, 8, 16, 30, 30, 30, 2]
    assert silences == [2, 6, 14, 30, 60, 90]
    assert no_answer(14.0) == "no answer since 14 s"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
def test_a_lasting_error_ends_it(clock: Clock, status: int) -> None:
    seen = poll(Asked(1, refused(status)), 1.0, print)
    assert next(seen) == 1
    with pytest.raises(Refusal):
        next(seen)


def test_before_the_first_answer_nothing_is_borne_unless_it_has_begun(clock: Clock) -> None:
    with pytest.raises(Refusal):
        next(poll(Asked(refused(503)), 1.0, print))
    assert next(poll(Asked(refused(503), 1), 1.0, print, begun=True)) == 1


def test_patience_ends(clock: Clock) -> None:
    def for_ever() -> Iterator[int]:
        yield from poll(Asked(1, *[refused(503)] * 100), 1.0, lambda _: None, patience=300)

    with pytest.raises(Refusal):
        list(for_ever())
    assert 300 < clock.now < 360
