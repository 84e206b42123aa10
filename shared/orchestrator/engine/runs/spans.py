"""The spans of a task: its history as intervals of time. Pure: events in, intervals out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from orchestrator.store.run_tree import RunEvent

SpanKind = Literal["queued", "attempt", "step", "children", "sleep", "ask", "retry-wait", "parked"]

#: The interval that begins when an attempt ends, by the kind of the event.
AFTER: dict[str, SpanKind] = {
    "submitted": "queued",
    "released": "queued",
    "continued": "queued",
    "lease-lost": "queued",
    "unparked": "queued",
    "redriven": "queued",
    "renewed": "queued",
    "signal": "queued",
    "retrying": "retry-wait",
    "parked": "parked",
}
WAITS: dict[str, SpanKind] = {"sleep": "sleep", "signal": "ask", "approval": "ask"}
FINAL = frozenset({"completed", "failed", "dead-letter", "cancelled", "discarded"})
#: An attempt has time outside its steps that is worth a warning: more than this, and more than this part of it.
UNEXPLAINED, UNEXPLAINED_PART = timedelta(milliseconds=50), 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval of a task's life. `end` is None while it goes on; `outcome` is the kind of the event that ended it.

    `unexplained`: the time of an attempt outside its steps, where it is worth a warning.
    """

    kind: SpanKind
    start: datetime
    end: datetime | None = None
    name: str | None = None
    attempt: int | None = None
    worker: str | None = None
    outcome: str | None = None
    unexplained: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The life of a task in parts that do not overlap: their sum is its length."""

    queue: timedelta
    step: timedelta
    other: timedelta
    wait: timedelta


def spans_of(events: Sequence[RunEvent], ready_at: datetime) -> list[Span]:
    """Return the spans of a task in the order in which they begin; the steps of an attempt follow it.

    `ready_at`: when the task could run first; a scheduled task is not queued before.
    """
    spans: list[Span] = []
    steps: list[Span] = []
    now: Span | None = None
    for event in events:
        if event.kind == "step":
            steps.append(_step(event))
        elif event.kind in FINAL:
            _close(spans, steps, now, event)
            now = None
        elif event.kind == "signal" and now is not None and now.kind != "ask":
            continue
        elif opened := _opened(event, ready_at):
            _close(spans, steps, now, event)
            now = opened
    if now is not None:
        spans += [now, *steps]
    return spans


def _opened(event: RunEvent, ready_at: datetime) -> Span | None:
    """Return the span that begins with an event; None for one that changes nothing."""
    name, at = event.data.get("for") or event.data.get("flag"), event.created_at
    if event.kind == "started":
        return Span(kind="attempt", start=at, attempt=event.attempts, worker=event.data.get("worker"))
    if event.kind == "waiting":
        return Span(kind=WAITS.get(str(event.data.get("wait")), "children"), start=at, name=name)
    kind = AFTER.get(event.kind)
    return Span(kind=kind, start=max(at, ready_at) if event.kind == "submitted" else at, name=name) if kind else None


def _step(event: RunEvent) -> Span:
    took = timedelta(milliseconds=float(event.data.get("tookMs") or 0))
    start, name = event.created_at - took, event.data.get("step")
    return Span(kind="step", start=start, end=event.created_at, name=name, attempt=event.attempts)


def _close(spans: list[Span], steps: list[Span], now: Span | None, event: RunEvent) -> None:
    """End the present span at an event, with the steps that it had."""
    if now is None:
        return
    ended = replace(now, end=max(now.start, event.created_at), outcome=event.kind if now.kind == "attempt" else None)
    inside = [_within(step, ended) for step in steps] if ended.kind == "attempt" else []
    steps.clear()
    spans += [replace(ended, unexplained=_unexplained(ended, inside)), *inside]


def _within(step: Span, attempt: Span) -> Span:
    """Return a step cut to its attempt: the clocks of a worker and of the database differ."""
    end = min(step.end or step.start, attempt.end or step.start)
    return replace(step, start=min(max(step.start, attempt.start), end), end=max(end, attempt.start))


def _unexplained(attempt: Span, steps: Sequence[Span]) -> timedelta | None:
    if attempt.kind != "attempt" or attempt.end is None:
        return None
    length = attempt.end - attempt.start
    outside = length - covered(steps)
    return outside if outside > UNEXPLAINED and outside > length * UNEXPLAINED_PART else None


def covered(spans: Iterable[Span]) -> timedelta:
    """Return the time that at least one of the ended spans covers."""
    total, until = timedelta(), None
    for span in sorted(spans, key=lambda each: each.start):
        end = span.end or span.start
        start = span.start if until is None else max(span.start, until)
        total += max(timedelta(), end - start)
        until = end if until is None else max(until, end)
    return total


def totals_of(spans: Sequence[Span], now: datetime) -> Totals:
    """Return where the time of a task went, until `now` for a span that goes on."""
    ended = [span if span.end else replace(span, end=max(now, span.start)) for span in spans]
    parts = {"queued": timedelta(), "attempt": timedelta(), "wait": timedelta()}
    for span in ended:
        if span.kind != "step" and span.end is not None:
            parts[span.kind if span.kind in ("queued", "attempt") else "wait"] += span.end - span.start
    step = covered(span for span in ended if span.kind == "step")
    return Totals(parts["queued"], step, max(timedelta(), parts["attempt"] - step), parts["wait"])
