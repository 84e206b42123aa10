"""A declaration that could not work is refused when the agent is registered, so at build and at deploy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.engine.agents import LONGEST_TIMEOUTS, Agent, Agents, agent


class Empty(BaseModel):
    pass


def plain(ctx: Any, payload: Any) -> dict[str, Any]:
    return {}


async def asynchronous(ctx: Any, payload: Any) -> dict[str, Any]:
    return {}


async def asynchronous_generator(ctx: Any, payload: Any) -> Any:
    yield {}


def generator(ctx: Any, payload: Any) -> Any:
    yield {}


class Callee:
    async def __call__(self, ctx: Any, payload: Any) -> dict[str, Any]:
        return {}


@wraps(asynchronous)
def wrapped(*arguments: Any) -> Any:
    return asynchronous(*arguments)


def declared(handler: Callable[..., Any], **options: Any) -> Agent:
    made: Agent = vars(agent("test.declared", payload=Empty, **options)(handler))["__agent__"]
    return made


@pytest.mark.parametrize("handler", [asynchronous_generator, generator])
def test_a_handler_that_would_never_run_is_refused(handler: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"test\.declared: .*generator"):
        declared(handler)


@pytest.mark.parametrize("handler", [asynchronous, partial(asynchronous, 1), Callee(), wrapped])
def test_an_async_handler_is_long_by_itself(handler: Callable[..., Any]) -> None:
    assert (declared(handler).lane, declared(handler).is_async) == ("long", True)
    assert declared(handler, lane="long", timeout=LONGEST_TIMEOUTS["long"]).lane == "long"
    with pytest.raises(ValueError, match=r"async def handler cannot run in the lane quick"):
        declared(handler, lane="quick")


def test_a_plain_handler_is_quick_unless_it_says_otherwise() -> None:
    assert (declared(plain).lane, declared(plain).is_async) == ("quick", False)
    long = declared(plain, lane="long", timeout=600)
    assert (long.lane, long.is_async, long.timeout) == ("long", False, 600)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 120}, 'timeout=120 cannot run; .* quick has 60 s, .* Write lane="long"'),
        ({"lane": "long", "timeout": LONGEST_TIMEOUTS["long"] + 0.1}, "cannot run; .* long has 900 s"),
        ({"lane": "slow"}, "lane='slow' is unknown; write one of quick, long"),
        ({"timeout": LONGEST_TIMEOUTS["quick"] + 0.1}, "cannot run"),
        ({"timeout": 0}, "cannot run"),
        ({"timeout": float("nan")}, "cannot run"),
        ({"max_attempts": 0}, "max_attempts=0"),
        ({"max_attempts": 21}, "max_attempts=21"),
        ({"limit_per_owner": 0}, "limit_per_owner=0"),
        ({"deadline": "soon"}, "not a duration"),
        ({"deadline": timedelta(days=367)}, "too long"),
        ({"version": 2}, "upcaster"),
    ],
)
def test_bounds_that_could_not_work_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        declared(plain, **options)


def test_a_deadline_is_written_as_people_write_it() -> None:
    assert declared(plain, deadline="2h").deadline == 7_200
    assert declared(plain, deadline=timedelta(days=1)).deadline == 86_400
    assert declared(plain, timeout=LONGEST_TIMEOUTS["quick"]).timeout == LONGEST_TIMEOUTS["quick"]


@pytest.mark.parametrize(("invocation", "refused"), [(900, False), (124, False), (123.9, True), (0, False)])
def test_a_deploy_refuses_a_long_timeout_below_that_of_an_agent(invocation: float, refused: bool) -> None:
    """Such an attempt would be returned to the queue for ever; 0: the invocation's length is unknown."""
    agents = Agents("tests.support.agents")
    if refused:
        with pytest.raises(ValueError, match=r"LongTimeout=123.9 is too short: lower .*test\.think"):
            agents.check_timeouts(invocation)
    else:
        agents.check_timeouts(invocation)


def test_the_lane_of_an_unknown_type_is_quick() -> None:
    agents = Agents("tests.support.agents")
    assert [agents.lane_of(each) for each in ("test.think", "test.thinkLong", "test.noop", "gone")] == [
        *("long", "long", "quick", "quick")
    ]
