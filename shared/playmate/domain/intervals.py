"""Spans of time in UTC, and sets of them as sorted lists without overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From `start` up to but not including `end`, both UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        return self.start < other.end and other.start < self.end


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same times, sorted, touching ones joined, empty ones gone."""
    joined: list[Interval] = []
    for each in sorted(interval for interval in intervals if interval.start < interval.end):
        if joined and each.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, each.end))
        else:
            joined.append(each)
    return joined


def intersection(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """Return times in both; each argument as `union` gives it."""
    common: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i].start, other[j].start), min(one[i].end, other[j].end)
        if start < end:
            common.append(Interval(start, end))
        if one[i].end <= other[j].end:
            i += 1
        else:
            j += 1
    return common


def difference(one: Sequence[Interval], other: Iterable[Interval]) -> list[Interval]:
    """Return times in `one` and not in `other`."""
    left = list(one)
    for hole in union(other):
        left = [piece for each in left for piece in _without(each, hole)]
    return left


def _without(interval: Interval, hole: Interval) -> list[Interval]:
    pieces = (
        Interval(interval.start, min(interval.end, hole.start)),
        Interval(max(interval.start, hole.end), interval.end),
    )
    return [piece for piece in pieces if piece.start < piece.end]
