"""The declaration of limits, and the starts that they leave."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.limits.declared import Concurrent, Rate, declared_limits
from orchestrator.engine.limits.starts import free_starts, may_start, starts
from orchestrator.engine.limits.waiting import expected
from orchestrator.store.limits import Room

FREE = Room(
    key="k",
    at_most=5,
    requests=10,
    per=60.0,
    closed_for=None,
    share=1.0,
    running=0,
    leaving=[],
    granted=0,
    is_granted=False,
    others_wait=False,
)


@pytest.mark.parametrize(
    ("room", "moments"),
    [
        (FREE, [0.0] * 5),
        (replace(FREE, at_most=None), [0.0] * 10),
        (replace(FREE, requests=None), [0.0] * 5),
        (replace(FREE, running=5), []),
        (replace(FREE, running=3, leaving=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), [0.0, 1.0]),
        (replace(FREE, at_most=None, running=2, leaving=[1.0, 2.0] * 4), [1.0, 2.0] * 4),
        (replace(FREE, closed_for=9.0), [9.0] * 5),
        (replace(FREE, closed_for=9.0, share=0.5), [9.0] * 2),
        (replace(FREE, share=0.01), [0.0]),
        (replace(FREE, at_most=None, share=0.5, leaving=[float(n) for n in range(8)]), [3.0, 4.0, 5.0, 6.0, 7.0]),
    ],
)
def test_the_starts_are_those_that_are_certain(room: Room, moments: list[float]) -> None:
    assert starts(room) == moments


def test_a_task_starts_in_its_turn() -> None:
    assert may_start(FREE)
    assert not may_start(replace(FREE, others_wait=True)), "another task came first"
    assert not may_start(replace(FREE, granted=5)), "every start is granted"
    assert may_start(replace(FREE, granted=4))
    assert may_start(replace(FREE, granted=9, others_wait=True, is_granted=True))
    assert not may_start(replace(FREE, closed_for=1.0, is_granted=True)), "closed since the grant"
    assert free_starts(replace(FREE, granted=3), 900) == [0.0, 0.0]
    assert free_starts(replace(FREE, closed_for=1_000.0), 900) == []


def test_a_rate_says_when_a_task_starts() -> None:
    full = replace(FREE, at_most=None, leaving=[float(n) for n in range(50, 60)])
    assert expected(full, 0) == 50.0
    assert expected(full, 10) == 59.0 + 60.0
    assert expected(full, 41) == 59.0 + 4 * 60.0
    assert expected(replace(FREE, requests=None, per=None, running=5), 3) is None


class Payload(BaseModel):
    city: str = "Rome"


def by_city(payload: Any) -> object:
    return payload.city


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ([Concurrent("a", 0)], "would never let a task run; set 1 or more"),
        ([Concurrent("a")], "would never let a task run"),
        ([Rate("a", requests=0)], "would never let a task run"),
        ([Rate("a", requests=-5)], "would never let a task run"),
        ([Concurrent("a", cast("Any", 1.5))], "needs a whole number"),
        ([Concurrent("a", True)], "needs a whole number"),
        ([Concurrent("a", 1_001)], "the most is 1,000"),
        ([Rate("a", requests=10_001)], "the most is 10,000"),
        ([Rate("a", requests=1, per=0.5)], "from 1 second to a day"),
        ([Rate("a", requests=1, per="2d")], "from 1 second to a day"),
        ([Concurrent("a", 1), Concurrent("a", 2)], "declared twice"),
        ([Concurrent("a", 1), Rate("a", requests=1, key=by_city)], "different keys"),
        ([Concurrent("a:b", 1)], "no name of a limit"),
        ([Concurrent("a" * 101, 1)], "no name of a limit"),
    ],
)
def test_a_limit_that_could_not_work_is_refused_with_its_reason(limits: list[Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        agent("test.refused", payload=Payload, limits=limits)


def test_limits_of_a_name_are_one_and_a_key_has_its_own_room() -> None:
    declared = declared_limits(
        "test.type", [Concurrent("api", 8), Rate("api", requests=500, per="1m"), Concurrent(at_most=2, key=by_city)]
    )
    assert [(each.name, each.at_most, each.requests, each.per) for each in declared] == [
        ("api", 8, 500, 60.0),
        ("test.type", 2, None, None),
    ]
    assert [each.of(Payload()).key for each in declared] == ["api", "test.type:Rome"]
    assert declared[1].of(SimpleNamespace()).key == "test.type:", "a key that cannot be computed shares one room"
