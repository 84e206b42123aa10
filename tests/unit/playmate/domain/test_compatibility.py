from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from playmate.domain.compatibility import Child, best_pairs, compatibility, pairs_for_all

NAMES = st.sampled_from(["Ada", "Ben", "Cleo", "Dan"])
CHILD = st.tuples(NAMES, st.integers(0, 17), st.sampled_from(["chess", "Chess ", "football", "art"]))


@st.composite
def families(draw: st.DrawFn) -> tuple[list[Child], list[Child]]:
    one, other = draw(st.lists(CHILD, max_size=5)), draw(st.lists(CHILD, max_size=5))
    return (
        [Child(n, *kid) for n, kid in enumerate(one)],
        [Child(100 + n, *kid) for n, kid in enumerate(other)],
    )


def best_total(one: list[Child], other: list[Child]) -> int:
    few, many = sorted((one, other), key=len)
    return max(
        sum(compatibility(a, b) for a, b in zip(few, chosen, strict=True)) for chosen in permutations(many, len(few))
    )


@given(families())
def test_no_other_pairing_scores_more(both: tuple[list[Child], list[Child]]) -> None:
    pairs = best_pairs(*both)
    assert sum(pair.score for pair in pairs) == best_total(*both)
    assert len(pairs) == min(len(both[0]), len(both[1]))
    assert len({pair.one.id for pair in pairs}) == len({pair.other.id for pair in pairs}) == len(pairs)


def seniority(child: Child) -> tuple[int, str, str, int]:
    return child.age, child.name.casefold(), child.name, child.id


@given(families())
def test_among_equal_totals_the_youngest_choose_first(both: tuple[list[Child], list[Child]]) -> None:
    mine, theirs = (sorted(family, key=seniority) for family in both)
    columns_: list[Child | None] = [*theirs, *([None] * max(0, len(mine) - len(theirs)))]

    def worth(chosen: tuple[Child | None, ...]) -> tuple[int, list[int]]:
        scores = [compatibility(one, other) for one, other in zip(mine, chosen, strict=True) if other]
        return sum(scores), [len(theirs) - theirs.index(other) if other else 0 for other in chosen]

    best = max(permutations(columns_, len(mine)), key=worth)
    expected = [(one.id, other.id) for one, other in zip(mine, best, strict=True) if other] if theirs else []
    assert [(pair.one.id, pair.other.id) for pair in best_pairs(*both)] == expected


@given(families())
def test_the_order_of_kids_does_not_matter(both: tuple[list[Child], list[Child]]) -> None:
    one, other = list(both[0]), list(both[1])
    expected = best_pairs(one, other)
    one.reverse()
    other.reverse()
    assert best_pairs(one, other) == expected


@given(CHILD, CHILD)
def test_compatibility_is_the_contracts(one: tuple[str, int, str], other: tuple[str, int, str]) -> None:
    a, b = Child(1, *one), Child(2, *other)
    same = one[2].strip().lower() == other[2].strip().lower()
    assert compatibility(a, b) == compatibility(b, a) == max(0, 10 - abs(one[1] - other[1])) + 10 * same


def test_the_best_single_pair_is_not_always_part_of_it() -> None:
    """Lea or Tom with Ida scores 15. The remaining pair scores 0 if Lea has Ida, and 10 if Tom has Ida."""
    lea, tom = Child(1, "Lea", 12, "art"), Child(2, "Tom", 2, "art")
    max_, ida = Child(3, "Max", 12, "chess"), Child(4, "Ida", 7, "art")
    pairs = best_pairs([lea, tom], [max_, ida])
    assert [(pair.one.name, pair.other.name, pair.score) for pair in pairs] == [("Tom", "Ida", 15), ("Lea", "Max", 10)]


def test_ties_go_by_age_then_name() -> None:
    mine = [Child(1, "Zed", 6, "art"), Child(2, "Amy", 6, "art")]
    theirs = [Child(3, "Bob", 6, "art"), Child(4, "Abe", 6, "art")]
    assert [(pair.one.name, pair.other.name) for pair in best_pairs(mine, theirs)] == [("Amy", "Abe"), ("Zed", "Bob")]


def test_every_kid_gets_a_match_and_the_best_pairing_comes_first() -> None:
    lea, tom = Child(1, "Lea", 5, "chess"), Child(2, "Tom", 9, "football")
    ida, max_, zoe = Child(3, "Ida", 5, "chess"), Child(4, "Max", 9, "football"), Child(5, "Zoe", 6, "chess")
    mine, theirs = [lea, tom], [ida, max_, zoe]
    pairs = pairs_for_all(mine, theirs)
    assert pairs[:2] == best_pairs(mine, theirs)
    assert [(pair.one.name, pair.other.name) for pair in pairs] == [("Lea", "Ida"), ("Tom", "Max"), ("Lea", "Zoe")]
    turned = pairs_for_all(theirs, mine)
    assert {(pair.other.id, pair.one.id) for pair in turned} == {(pair.one.id, pair.other.id) for pair in pairs}
    assert pairs_for_all(mine, []) == pairs_for_all([], theirs) == []
