"""A task's history becomes intervals that cover its whole life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.runs.spans import Span, covered, spans_of, totals_of
from orchestrator.store.run_tree import RunEvent

START = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def at(ms: float) -> datetime:
    return START + timedelta(milliseconds=ms)


def history(*events: tuple[float, str, dict[str, Any]]) -> list[RunEvent]:
    attempts = 0
    made = []
    for seq, (ms, kind, data) in enumerate(events, 1):
        attempts += kind == "started"
        made.append(RunEvent(task_id=UUID(int=1), seq=seq, kind=kind, attempts=attempts, created_at=at(ms), data=data))
    return made


def shown(spans: list[Span]) -> list[tuple[str, float, float | None]]:
    def ms(moment: datetime) -> float:
        return (moment - START) / timedelta(milliseconds=1)

    return [(span.kind, ms(span.start), ms(span.end) if span.end else None) for span in spans]


def test_an_attempt_with_steps_and_unexplained_time() -> None:
    events = history(
        (0, "submitted", {}),
        (21, "started", {"worker": "w-1"}),
        (108, "step", {"step": "locate", "tookMs": 3}),
        (160, "completed", {}),
    )
    spans = spans_of(events, START)
    assert shown(spans) == [("queued", 0, 21), ("attempt", 21, 160), ("step", 105, 108)]
    assert (spans[1].worker, spans[1].outcome, spans[2].name) == ("w-1", "completed", "locate")
    assert spans[1].unexplained == timedelta(milliseconds=136)


def test_a_short_or_explained_attempt_has_no_warning() -> None:
    quick = spans_of(history((0, "submitted", {}), (1, "started", {}), (41, "completed", {})), START)
    assert quick[1].unexplained is None
    step = (190, "step", {"step": "call", "tookMs": 180})
    explained = spans_of(history((0, "submitted", {}), (5, "started", {}), step, (210, "completed", {})), START)
    assert explained[1].unexplained is None


def test_waits_lie_between_attempts() -> None:
    events = history(
        (0, "submitted", {}),
        (10, "started", {}),
        (20, "retrying", {}),
        (50, "started", {}),
        (60, "waiting", {"for": "kids"}),
        (90, "started", {}),
        (95, "waiting", {"for": "nap", "wait": "sleep"}),
        (200, "started", {}),
        (205, "waiting", {"for": "pay", "wait": "approval"}),
        (300, "signal", {}),
        (310, "started", {}),
        (320, "parked", {"flag": "f"}),
    )
    spans = spans_of(events, START)
    assert shown(spans) == [
        ("queued", 0, 10),
        ("attempt", 10, 20),
        ("retry-wait", 20, 50),
        ("attempt", 50, 60),
        ("children", 60, 90),
        ("attempt", 90, 95),
        ("sleep", 95, 200),
        ("attempt", 200, 205),
        ("ask", 205, 300),
        ("queued", 300, 310),
        ("attempt", 310, 320),
        ("parked", 320, None),
    ]
    assert [span.name for span in spans if span.name] == ["kids", "nap", "pay", "f"]


def test_a_scheduled_task_is_not_queued_before_its_time() -> None:
    events = history((0, "submitted", {}), (5_010, "started", {}))
    assert shown(spans_of(events, at(5_000))) == [("queued", 5_000, 5_010), ("attempt", 5_010, None)]


def test_a_signal_that_comes_early_ends_nothing() -> None:
    events = history((0, "submitted", {}), (1, "started", {}), (2, "signal", {}), (9, "completed", {}))
    assert shown(spans_of(events, START)) == [("queued", 0, 1), ("attempt", 1, 9)]


def test_steps_side_by_side_count_once() -> None:
    steps = [Span(kind="step", start=at(0), end=at(10)), Span(kind="step", start=at(4), end=at(12))]
    assert covered(steps) == timedelta(milliseconds=12)
    assert covered([]) == timedelta()


KINDS = st.sampled_from(["retrying", "waiting", "parked", "released", "continued", "lease-lost", "completed"])
ATTEMPT = st.tuples(
    st.integers(0, 500), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 900)), max_size=5), KINDS
)


@given(st.lists(ATTEMPT, max_size=8), st.integers(0, 1_000))
def test_the_parts_of_a_life_sum_up_to_its_length(attempts: list[Any], rest: int) -> None:
    """Also where the clock of a worker says that a step took longer than its attempt."""
    now = 0.0
    events: list[tuple[float, str, dict[str, Any]]] = [(0.0, "submitted", {})]
    for gap, steps, kind in attempts:
        now += gap
        events.append((now, "started", {}))
        for pause, took in steps:
            now += pause
            events.append((now, "step", {"step": "s", "tookMs": took}))
        now += 1
        events.append((now, kind, {}))
        if kind == "completed":
            break
    is_over = events[-1][1] == "completed"
    end = now if is_over else now + rest
    totals = totals_of(spans_of(history(*events), START), at(end))
    assert totals.queue + totals.step + totals.other + totals.wait == timedelta(milliseconds=end)
    assert min(totals.queue, totals.step, totals.other, totals.wait) >= timedelta()
