"""How well two kids fit, and the best way to pair two families' kids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Points two kids of one age get, one less for each year between them.
SAME_AGE = 10
#: Points for the same favourite activity.
SAME_ACTIVITY = 10


@dataclass(frozen=True, slots=True)
class Child:
    """A kid as pairing needs it, with its id and name."""

    id: int
    name: str
    age: int
    activity: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One kid of each family and how well they fit."""

    one: Child
    other: Child
    score: int


def same_activity(one: str, other: str) -> bool:
    """Return whether both are the same text, without regard to case and spacing."""
    return one.casefold().split() == other.casefold().split()


def compatibility(one: Child, other: Child) -> int:
    """10 less the age gap but never below 0, and 10 more when the favourite activities match."""
    points = max(0, SAME_AGE - abs(one.age - other.age))
    return points + (SAME_ACTIVITY if same_activity(one.activity, other.activity) else 0)


def best_pairs(family: Sequence[Child], others: Sequence[Child]) -> list[Pair]:
    """Return the pairing of highest total score: each kid at most once, all kids of the smaller family.

    Among equal totals the youngest kid of `family` (then by name) gets the youngest partner (then by
    name), then the next one, and so on.
    """
    rows, columns = sorted(family, key=_seniority), sorted(others, key=_seniority)
    if not rows or not columns:
        return []
    costs = _costs(rows, columns)
    if len(rows) <= len(columns):
        chosen = _assign(costs)
    else:
        chosen = {row: column for column, row in _assign([list(each) for each in zip(*costs, strict=True)]).items()}
    return [
        Pair(rows[row], columns[column], compatibility(rows[row], columns[column]))
        for row, column in sorted(chosen.items())
    ]


def pairs_for_all(family: Sequence[Child], others: Sequence[Child]) -> list[Pair]:
    """Return `best_pairs`, and for each kid of the larger family that is left over the pair with its best match."""
    pairs = best_pairs(family, others)
    if not pairs:
        return []
    paired = {child.id for pair in pairs for child in (pair.one, pair.other)}
    pairs += [_best(child, others) for child in family if child.id not in paired]
    return pairs + [
        Pair(found.other, found.one, found.score)
        for found in (_best(child, family) for child in others if child.id not in paired)
    ]


def _best(child: Child, others: Sequence[Child]) -> Pair:
    """Return the pair of highest score; among equals, the one with the youngest partner."""
    other = min(others, key=lambda each: (-compatibility(child, each), _seniority(each)))
    return Pair(child, other, compatibility(child, other))


def _seniority(child: Child) -> tuple[int, str, str, int]:
    return child.age, child.name.casefold(), child.name, child.id


def _costs(rows: Sequence[Child], columns: Sequence[Child]) -> list[list[int]]:
    """Return the costs to minimise: the negative scores, and far below them a digit per row that decides ties."""
    radix = len(columns) + 1
    digits = [radix ** (len(rows) - 1 - r) for r in range(len(rows))]
    unit = radix ** len(rows)
    return [
        [-(compatibility(one, other) * unit + (len(columns) - c) * digit) for c, other in enumerate(columns)]
        for one, digit in zip(rows, digits, strict=True)
    ]


def _assign(costs: Sequence[Sequence[int]]) -> dict[int, int]:
    """Row → column of least total cost, no more rows than columns (Hungarian method, exact on integers)."""
    height, width = len(costs), len(costs[0])
    row_of = [0] * (width + 1)  # 1-based; column 0 is where the row being placed waits
    row_potential, column_potential = [0] * (height + 1), [0] * (width + 1)
    for row in range(1, height + 1):
        row_of[0] = row
        came_from = _augmenting_path(costs, row_of, row_potential, column_potential)
        column = came_from.pop()
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return {row_of[column] - 1: column - 1 for column in range(1, width + 1) if row_of[column]}


def _augmenting_path(
    costs: Sequence[Sequence[int]], row_of: list[int], row_potential: list[int], column_potential: list[int]
) -> list[int]:
    """Grow a shortest-path tree to a free column; return predecessors by column, and that column."""
    width = len(costs[0])
    slack: list[int | None] = [None] * (width + 1)
    came_from, done = [0] * (width + 1), [False] * (width + 1)
    column = 0
    while row_of[column]:
        done[column] = True
        row = row_of[column]
        delta, nearest = None, 0
        for candidate in range(1, width + 1):
            if done[candidate]:
                continue
            reduced = costs[row - 1][candidate - 1] - row_potential[row] - column_potential[candidate]
            known = slack[candidate]
            if known is None or reduced < known:
                slack[candidate], came_from[candidate], known = reduced, column, reduced
            if delta is None or known < delta:
                delta, nearest = known, candidate
        for visited in range(width + 1):
            waiting = slack[visited]
            if done[visited]:
                row_potential[row_of[visited]] += delta or 0
                column_potential[visited] -= delta or 0
            elif waiting is not None:
                slack[visited] = waiting - (delta or 0)
        column = nearest
    return [*came_from, column]
