"""A declaration that could not work is refused when the agent is registered, so at build and at deploy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.engine.agents import LONGEST_TIMEOUT, Agent, agent


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


@pytest.mark.parametrize(
    "handler", [asynchronous, asynchronous_generator, generator, partial(asynchronous, 1), Callee(), wrapped]
)
def test_a_handler_that_would_never_run_is_refused(handler: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"test\.declared: .*plain function"):
        declared(handler)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 120}, "timeout=120 cannot run; the worker function has 60 s"),
        ({"timeout": LONGEST_TIMEOUT + 0.1}, "cannot run"),
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
    assert declared(plain, timeout=LONGEST_TIMEOUT).timeout == LONGEST_TIMEOUT
