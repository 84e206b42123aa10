"""Documents the local insight agent reasons from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from psycopg.types.json import Jsonb

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries

SQL = load_queries("playmate.store", "knowledge")


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of advice and whom, where and when it suits; an empty facet suits everyone."""

    slug: str
    title: str
    body: str
    places: tuple[str, ...] = ()
    seasons: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    setting: str = "either"
    youngest: int = 0
    oldest: int = 17
    #: Its kind of venue; None for advice.
    venue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A search."""

    country: str | None
    places: Sequence[str]
    seasons: Sequence[str]
    activities: Sequence[str]
    terms: Sequence[str]
    setting: str
    youngest: int
    oldest: int
    most: int = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A document that suits, and the activities it was found for."""

    slug: str
    title: str
    body: str
    shared: tuple[str, ...]
    score: float


def put_documents(conn: Connection, documents: Sequence[Document]) -> int:
    """Replace the knowledge base by these documents. Return how many were new or changed."""
    with conn.transaction():
        written = conn.execute(SQL["put_documents"], {"documents": Jsonb([asdict(each) for each in documents])})
        conn.execute(SQL["drop_other_documents"], {"slugs": [each.slug for each in documents]})
    return written.rowcount


def search(conn: Connection, question: Question) -> list[Found]:
    values = {
        "country": question.country,
        "places": list(question.places),
        "seasons": list(question.seasons),
        "activities": list(question.activities),
        "words": " or ".join(question.terms),
        "setting": question.setting,
        "youngest": question.youngest,
        "oldest": question.oldest,
        "most": question.most,
    }
    rows = conn.execute(SQL["search"], values).fetchall()
    return [Found(row["slug"], row["title"], row["body"], tuple(row["shared"] or ()), row["score"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Venue:
    """A kind of venue to meet."""

    slug: str
    title: str
    kind: str
    setting: str


def venues(conn: Connection, question: Question) -> list[Venue]:
    """Return kinds of venues that suit region, season, ages and setting."""
    values = {
        "places": list(question.places),
        "seasons": list(question.seasons),
        "setting": question.setting,
        "youngest": question.youngest,
        "oldest": question.oldest,
        "most": question.most,
    }
    rows = conn.execute(SQL["venues"], values).fetchall()
    return [Venue(row["slug"], row["title"], row["venue"], row["setting"]) for row in rows]


def count_documents(conn: Connection) -> int:
    row = conn.execute(SQL["count_documents"]).fetchone()
    return int(row["documents"]) if row else 0
