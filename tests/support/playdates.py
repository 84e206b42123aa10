"""Playdates as a host of a test schedules them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from playmate.schemas import playdate_shapes
from tests.support.gateway import Caller

PATH = "/api/playdates"


@cache
def start() -> datetime:
    """Return the start of the first playdate of a test, some days ahead."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=5)


def body(hours: float = 0, **changes: Any) -> dict[str, Any]:
    starts = start() + timedelta(hours=hours)
    return {
        "title": "Football in the park",
        "activity": "football",
        "locationName": "Parc Montsouris",
        "startTime": starts.isoformat(),
        "endTime": (starts + timedelta(hours=2)).isoformat(),
        **changes,
    }


def scheduled(host: Caller, hours: float = 0, **changes: Any) -> dict[str, Any]:
    answer = host.post(PATH, body(hours, **changes))
    assert answer.status == 201, answer.text
    playdate_shapes.Playdate.model_validate(answer.json())
    made: dict[str, Any] = answer.json()
    return made


def part(playdate: dict[str, Any], guardian: int) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in playdate["participants"] if each["userId"] == guardian)
    return found


def hosted(host: Caller) -> dict[str, Any]:
    shown = host.get(PATH).json()
    playdate_shapes.MyPlaydates.model_validate(shown)
    [found] = shown["hosted"]
    return dict(found)


def decide(host: Caller, playdate: dict[str, Any], guardian: int, status: str, **more: Any) -> Any:
    participant = part(hosted(host), guardian)["id"]
    return host.send("PATCH", f"{PATH}/{playdate['id']}/participants/{participant}", data={"status": status, **more})


def code(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json()["code"]
