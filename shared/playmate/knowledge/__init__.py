"""The knowledge base's documents: markdown files of our own writing, and their reader.

A file holds several documents. Each begins with its title (`## …`) and a line of facets:

    facets: seasons=winter, polar-night; ages=3-9; activities=football; setting=outdoor; places=FR, temperate

A facet left out fits everywhere. Places are ISO countries or belts (tropical, temperate, polar); seasons are
spring, summer, autumn, winter, polar-day and polar-night. A venue makes it a kind of place to meet, not advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from orchestrator.store.connection import Connection
from playmate.store import knowledge
from playmate.store.knowledge import Document

PLACES = re.compile(r"[A-Z]{2}|tropical|temperate|polar")
SEASONS = frozenset({"spring", "summer", "autumn", "winter", "polar-day", "polar-night"})
FACETS = frozenset({"seasons", "ages", "activities", "setting", "places", "venue"})


class BadDocument(ValueError):
    """A document that cannot be read, with its title and why."""


def load_documents(conn: Connection) -> int:
    """Bring the knowledge base in line with the files; return the number of new or changed documents."""
    return knowledge.put_documents(conn, read_documents())


def read_documents() -> list[Document]:
    """Return every document of every file, in the order of the files."""
    folder = resources.files(__package__)
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".md")), key=lambda each: each.name)
    documents = [document for file in files for document in parse(file.read_text(encoding="utf-8"))]
    slugs = [document.slug for document in documents]
    twice = {slug for slug in slugs if slugs.count(slug) > 1}
    if twice:
        raise BadDocument(f"titles used twice: {', '.join(sorted(twice))}")
    return documents


def parse(text: str) -> Iterator[Document]:
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        match = re.match(r"\s*facets:(.*)\n", rest)
        if match is None:
            raise BadDocument(f"{title}: no line of facets")
        yield _document(title.strip(), match.group(1), rest[match.end() :].strip())


def _document(title: str, line: str, body: str) -> Document:
    facets = dict(_facets(title, line))
    places, seasons = _terms(facets.get("places", "")), _terms(facets.get("seasons", ""))
    for word in places:
        if not PLACES.fullmatch(word):
            raise BadDocument(f"{title}: unknown place {word}")
    if not SEASONS.issuperset(seasons):
        raise BadDocument(f"{title}: unknown season in {seasons}")
    youngest, _, oldest = facets.get("ages", "0-17").partition("-")
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    activities = _terms(facets.get("activities", ""))
    setting = facets.get("setting", "either")
    text, ages = " ".join(body.split()), (int(youngest), int(oldest))
    return Document(slug, title, text, places, seasons, activities, setting, *ages, facets.get("venue"))


def _facets(title: str, line: str) -> Iterator[tuple[str, str]]:
    for facet in filter(None, (each.strip() for each in line.split(";"))):
        name, equals, value = facet.partition("=")
        if name not in FACETS or not equals:
            raise BadDocument(f"{title}: unknown facet {facet}")
        yield name, value.strip()


def _terms(value: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in value.split(","))))
