"""Where families can go nearby: one port, two sources behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, Protocol

from orchestrator.store.connection import Connection
from playmate.domain.coordinates import Point
from playmate.sources.outside import Answer, Source
from playmate.store import knowledge
from playmate.store.knowledge import Question

#: Metres around the playdate point.
RADIUS = 3_000
MOST = 5

#: Amazon Location's categories by the setting an activity needs.
CATEGORIES = {
    "outdoor": ["park", "playground", "recreational_area", "zoo"],
    "indoor": ["library", "museum", "indoor_sports", "swimming_pool", "aquarium"],
}


@dataclass(frozen=True, slots=True)
class Venue:
    """A meeting point. The distance is None for a kind of venue instead of a specific one."""

    name: str
    kind: str
    setting: str
    distance_m: int | None
    source: str

    def record(self) -> dict[str, Any]:
        """Return it as a step's result."""
        return asdict(self)


class Venues(Protocol):
    """Find meeting points near a position. May raise or block: callers use `find`."""

    def near(self, point: Point, setting: str) -> list[Venue]: ...


class KnownVenues:
    """The default, without a network: kinds of venues in the knowledge base for this position and season."""

    def __init__(self, conn: Connection, question: Question) -> None:
        self._conn = conn
        self._question = question

    def near(self, point: Point, setting: str) -> list[Venue]:  # noqa: ARG002 (the question holds where)
        question = replace(self._question, setting=setting, most=MOST)
        return [
            Venue(venue.title, venue.kind, setting, None, "knowledge base")
            for venue in knowledge.venues(self._conn, question)
        ]


class AmazonVenues:
    """Amazon Location Service, asked for categories around the point rounded to about a kilometre."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self._call = call

    def near(self, point: Point, setting: str) -> list[Venue]:
        settings = ["outdoor", "indoor"] if setting == "either" else [setting]
        found: list[Venue] = []
        for each in settings:
            answer = self._call(
                "geo-places",
                "search_nearby",
                QueryPosition=[round(point.longitude, 2), round(point.latitude, 2)],
                QueryRadius=RADIUS,
                MaxResults=MOST,
                Filter={"IncludeCategories": CATEGORIES[each]},
            )
            found += [_venue(item, each) for item in answer.get("ResultItems", [])]
        return found


def _venue(item: dict[str, Any], setting: str) -> Venue:
    categories = item.get("Categories") or [{}]
    kind = str(categories[0].get("Name", "place"))
    distance = item.get("Distance")
    return Venue(str(item["Title"]), kind, setting, int(distance) if distance else None, "Amazon Location")


@cache
def amazon_source() -> Source[list[Venue]]:
    """One breaker and one cache for each process."""
    return Source("Amazon Location")


def amazon_venues() -> Venues:
    from orchestrator.aws.clients import call

    return AmazonVenues(call)


def find(provider: Venues, source: Source[list[Venue]], point: Point, settings: Sequence[str]) -> Answer[list[Venue]]:
    """Return venues for each setting through the source's guard, nearest first; no value where it has none."""
    found: list[Venue] = []
    missing: str | None = None
    for setting in dict.fromkeys(settings):
        key = f"{point.latitude:.2f},{point.longitude:.2f},{setting}"
        answer = source.ask(key, partial(provider.near, point, setting))
        found += answer.value or []
        missing = missing or answer.missing
    far = float("inf")
    found.sort(key=lambda candidate: far if candidate.distance_m is None else candidate.distance_m)
    return Answer(list(dict.fromkeys(found))[:MOST] or None, missing)
