"""Free times are refused with machine values: files of the machine, booleans, texts of digits."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.http.app import Services
from tests.integration.conftest import signed_in
from tests.integration.playmate.conftest import MakeFamily
from tests.support.gateway import Caller

PATH = "/api/availability"


@pytest.fixture
def amira(anyone: Caller, services: Services, family: MakeFamily) -> Caller:
    return signed_in(anyone, services, str(family("Amira")))


def faults(caller: Caller, body: dict[str, Any]) -> set[str]:
    answer = caller.put(PATH, body)
    assert answer.status == 400, answer.text
    return {fault["field"] for fault in answer.json()["faults"]}


@pytest.mark.parametrize("weekday", [True, "7", "", None, [1], 1.5])
def test_a_weekday_is_a_number_or_a_name(amira: Caller, weekday: object) -> None:
    body = {"timeZone": "UTC", "windows": [{"weekday": weekday, "start": "09:00", "end": "10:00"}]}
    assert faults(amira, body) == {"windows.0.weekday"}


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "right/UTC", "posix/UTC", "../UTC", "utc "])
def test_a_time_zone_is_no_file_of_the_machine(amira: Caller, zone: str) -> None:
    assert faults(amira, {"timeZone": zone, "windows": []}) == {"timeZone"}
