"""The local insight agent's tools: locate, retrieve, compose. Each takes and gives JSON, so each can be a step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any, TypedDict

from orchestrator.store.connection import Connection
from playmate.domain.activities import known_activities, setting
from playmate.domain.coordinates import Point
from playmate.sources.daylight import daylight
from playmate.sources.geography import belt, country_of, days_off, hemisphere, season, zone_at
from playmate.store import knowledge
from playmate.store.kids import Kid
from playmate.store.knowledge import Question

AHEAD = timedelta(days=14)
#: Actions shown, and hours of daylight below which a roof is the better choice.
MOST_ACTIONS, SHORT_DAY = 4, 7.0


class Locality(TypedDict):
    """The result of the first step: position and time."""

    timeZone: str
    country: str | None
    countryName: str | None
    hemisphere: str
    belt: str
    season: str
    sunrise: str | None
    sunset: str | None
    daylightHours: float
    holidays: list[dict[str, str]]


class Retrieved(TypedDict):
    """A document that suits the position and the kids."""

    slug: str
    title: str
    body: str
    shared: list[str]
    score: float


def locate(point: Point, now: datetime) -> Locality:
    """Zone, country, season, daylight and the public holidays of the next two weeks."""
    zone = zone_at(point)
    today = now.astimezone(zone).date()
    light = daylight(point, today, zone)
    country = country_of(zone)
    last = today + AHEAD
    off = days_off(zone, tuple(sorted({today.year, last.year})))
    coming = [{"date": day.isoformat(), "name": off.holidays[day]} for day in off.holidays if today <= day <= last]
    return Locality(
        timeZone=zone.key,
        country=country,
        countryName=_country_names().get(country) if country else None,
        hemisphere=hemisphere(point),
        belt=belt(point),
        season=season(point, today),
        sunrise=f"{light.sunrise:%H:%M}" if light.sunrise else None,
        sunset=f"{light.sunset:%H:%M}" if light.sunset else None,
        daylightHours=light.hours,
        holidays=coming,
    )


def ask(locality: Locality, kids: Sequence[Kid]) -> Question:
    """Return the search, in facets and known terms; never a child's name."""
    activities = sorted({word for kid in kids for word in known_activities(kid.favorite_activity)})
    ages = [kid.age for kid in kids] or [0, 17]
    seasons = _seasons(locality)
    return Question(
        country=locality["country"],
        places=[place for place in (locality["country"], locality["belt"]) if place],
        seasons=seasons,
        activities=activities,
        terms=[*activities, *seasons, *(["holiday"] if locality["holidays"] else [])],
        setting=preferred_setting(locality, kids),
        youngest=min(ages),
        oldest=max(ages),
    )


def retrieve(conn: Connection, question: Question) -> list[Retrieved]:
    """Return the documents that fit best."""
    return [
        Retrieved(
            slug=each.slug, title=each.title, body=each.body, shared=list(each.shared), score=round(each.score, 3)
        )
        for each in knowledge.search(conn, question)
    ]


def preferred_setting(locality: Locality, kids: Sequence[Kid]) -> str:
    """Return indoors on short days, else the setting of the kids' activities."""
    if locality["daylightHours"] < SHORT_DAY:
        return "indoor"
    wanted = {setting(kid.favorite_activity) for kid in kids}
    return "outdoor" if "outdoor" in wanted or wanted <= {"either"} else "indoor"


def _seasons(locality: Locality) -> list[str]:
    """Return the facets the season stands for; near the equator only the documents of no season fit."""
    if locality["daylightHours"] in (0.0, 24.0):
        return [locality["season"], "polar-night" if locality["daylightHours"] == 0 else "polar-day"]
    return [] if locality["belt"] == "tropical" else [locality["season"]]


def compose(
    locality: Locality,
    documents: Sequence[Retrieved],
    places: Sequence[Mapping[str, Any]],
    missing: Sequence[str],
) -> dict[str, Any]:
    """{headline, summary, actions} with sources; names the missing ones."""
    actions = [_action(document) for document in documents[:MOST_ACTIONS]]
    summary = " ".join([_summary(locality, actions), *missing])
    if places:
        actions.append(_where_to(places))
    return {
        "headline": f"{_season_text(locality)}: {_light_text(locality)}",
        "summary": summary,
        "actions": actions,
        "facts": locality,
        "missing": list(missing),
    }


def _action(document: Retrieved) -> dict[str, Any]:
    sentences = re.split(r"(?<=[.!?]) ", document["body"])
    why = f" Chosen for {', '.join(document['shared'])}." if document["shared"] else ""
    return {
        "label": document["title"],
        "description": " ".join(sentences[:2]) + why,
        "source": {"kind": "knowledge", "slug": document["slug"], "title": document["title"]},
    }


def _where_to(places: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    shown = [
        f"{place['name']} ({place['distance_m']} m)" if place["distance_m"] is not None else str(place["name"])
        for place in places[:3]
    ]
    return {
        "label": "Where to meet",
        "description": "; ".join(shown) + ".",
        "source": {"kind": "places", "slug": "places", "title": str(places[0]["source"])},
    }


def _season_text(locality: Locality) -> str:
    where = locality["countryName"] or f"the {locality['hemisphere']} hemisphere"
    if locality["belt"] == "tropical":
        return f"In the tropics ({where})"
    return f"{locality['season'].capitalize()} in {where}"


def _light_text(locality: Locality) -> str:
    if locality["daylightHours"] == 0:
        return "the sun does not rise today"
    if locality["daylightHours"] == 24:
        return "the sun does not set today"
    until = f", light until {locality['sunset']}" if locality["sunset"] else ""
    return f"{locality['daylightHours']:g} hours of daylight{until}"


def _summary(locality: Locality, actions: Sequence[Mapping[str, Any]]) -> str:
    where = locality["countryName"] or "At this place"
    parts = [f"{where}: {_light_text(locality)}, clocks of {locality['timeZone']}."]
    coming = locality["holidays"]
    if coming:
        parts.append(f"Next public holiday: {coming[0]['name']} on {coming[0]['date']}.")
    if actions:
        parts.append(f"Best fit now: {actions[0]['label']}.")
    else:
        parts.append("The knowledge base has nothing that fits here and now.")
    return " ".join(parts)


@cache
def _country_names() -> dict[str, str]:
    table = resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {row[0]: row[1] for row in rows}
