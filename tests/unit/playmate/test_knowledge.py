"""The documents we ship: enough of them, readable, and for every corner of the year and the map."""

from __future__ import annotations

import pytest

from playmate.domain.activities import BY_NIGHT, INDOOR, OUTDOOR
from playmate.knowledge import BadDocument, parse, read_documents

DOCUMENTS = read_documents()


def test_there_are_enough() -> None:
    assert len(DOCUMENTS) >= 60
    assert all(100 <= len(document.body) <= 900 for document in DOCUMENTS)


def test_their_activities_are_known() -> None:
    unknown = {word for document in DOCUMENTS for word in document.activities} - OUTDOOR - INDOOR - BY_NIGHT
    assert unknown <= {"photography"}


@pytest.mark.parametrize("season", ["spring", "summer", "autumn", "winter", "polar-day", "polar-night"])
def test_every_season_has_some(season: str) -> None:
    assert sum(season in document.seasons for document in DOCUMENTS) >= 2


@pytest.mark.parametrize("age", range(18))
def test_every_age_has_some(age: int) -> None:
    assert sum(document.youngest <= age <= document.oldest for document in DOCUMENTS) >= 8


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("## A title\nno facets\n", "no line of facets"),
        ("## A title\nfacets: colour=red\n", "unknown facet"),
        ("## A title\nfacets: places=France\n", "unknown place"),
        ("## A title\nfacets: seasons=monsoon\n", "unknown season"),
    ],
)
def test_bad_documents_are_named(text: str, fault: str) -> None:
    with pytest.raises(BadDocument, match=f"A title: {fault}"):
        list(parse(text))
