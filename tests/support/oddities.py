"""Mistakes that authors of handlers make, each as a function of the handler's context."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from orchestrator.engine.context import Call, Context


class NoMessage(Exception):
    """An exception that cannot be read."""

    def __str__(self) -> str:
        raise ValueError("no words")


class OutsideException(BaseException):
    """Neither an Exception nor one of the interpreter's own."""


#: The outside effects of steps, and values that a test passes to a second run.
CALLED: list[str] = []
#: How many calls the next `gather` makes.
CALLS: list[int] = [3]
#: A connection that a handler kept, and the error of its later use.
KEPT: list[Any] = []


def raising(make: Callable[[], BaseException]) -> Callable[[Context], Any]:
    def act(_: Context) -> Any:
        raise make()

    return act


def swallow_the_time_limit(_: Context) -> Any:
    for _number in range(100):
        try:
            time.sleep(0.4)
            raise ConnectionError("the source is away")
        except Exception:  # noqa: S112 (the very mistake)
            continue
    return {}


def swallow_everything_once(ctx: Context) -> Any:
    try:
        time.sleep(5)
    except BaseException:
        CALLED.append("swallowed")
    return {"late": True}


def swallow_and_sleep(_: Context) -> Any:
    with suppress(BaseException):
        time.sleep(20)
    time.sleep(20)
    CALLED.append("slept")
    return {"late": True}


def go_on_with_the_context(ctx: Context) -> Any:
    try:
        time.sleep(5)
    except BaseException:
        ctx.step("after", lambda _: CALLED.append("step after the time limit"))
    return {"late": True}


def swallow_the_wait(ctx: Context) -> Any:
    try:
        return {"got": ctx.gather("kids", [Call("test.noop", {})]).results}
    except BaseException as error:
        return {"fallback": type(error).__name__}


def block_the_signal(_: Context) -> Any:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(1.2)
    return {"late": True}


def pool(_: Context) -> Any:
    with ThreadPoolExecutor(2) as workers:
        return {"slept": list(workers.map(time.sleep, [2.5, 2.5]))}


def thread_with_the_connection(ctx: Context) -> Any:
    connection, raised = ctx.db, list[str]()

    def use() -> None:
        try:
            connection.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, 99)", (ctx.task_id,))
        except Exception as error:
            raised.append(type(error).__name__)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    return {"raised": raised}


def leave_a_thread(ctx: Context) -> Any:
    connection, go_on = ctx.db, threading.Event()

    def use() -> None:
        go_on.wait(10)
        for attempt in (lambda: connection.execute("SELECT 1"), lambda: ctx.db, lambda: ctx.progress("late")):
            try:
                attempt()
                KEPT.append("used")
            except Exception as error:
                KEPT.append(type(error).__name__)

    thread = threading.Thread(target=use)
    thread.start()
    KEPT[:] = [go_on, thread]
    return {}


def fork_and_fall_out(ctx: Context) -> Any:
    child = os.fork()
    if child == 0:
        return {"who": "child"}
    os.waitpid(child, 0)
    return {"who": "parent"}


def fork_and_raise(_: Context) -> Any:
    child = os.fork()
    if child == 0:
        raise ValueError("in the child")
    os.waitpid(child, 0)
    return {"who": "parent"}


def fork_and_write(ctx: Context) -> Any:
    connection = ctx.db
    child = os.fork()
    if child == 0:
        connection.execute("INSERT INTO ledger (task_id, attempt) VALUES (%s, 98)", (ctx.task_id,))
    os.waitpid(child, 0)
    return {"who": "parent"}


def loop(_: Context) -> Any:
    async def answer() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"from": "loop"}

    return asyncio.run(answer())


def endless_loop(_: Context) -> Any:
    async def wait() -> None:
        await asyncio.sleep(30)

    asyncio.run(wait())


def allocate_too_much(_: Context) -> Any:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000, resource.RLIM_INFINITY))
    return {"length": len(bytearray(4_000_000_000))}


async def never() -> dict[str, Any]:
    return {}


def much_output(_: Context) -> Any:
    for _number in range(50):
        sys.stdout.write("x" * 100_000 + "\n")
    return {"printed": 5_000_000}


def step_twice(ctx: Context) -> Any:
    def send(number: int) -> int:
        def call(key: str) -> int:
            CALLED.append(key)
            return number

        return ctx.step("send", call)

    seen = [send(number) for number in range(3)]
    if ctx.attempt == 1:
        raise ValueError("once")
    return {"seen": seen}


def gather_twice(ctx: Context) -> Any:
    one = ctx.gather("kids", [Call("test.noop", {"w": "a"})])
    two = ctx.gather("kids", [Call("test.noop", {"w": "b"})])
    return {"one": one.results, "two": two.results}


def step_shape(ctx: Context) -> Any:
    first = ctx.step("shape", lambda _: {1: "a", "t": (1, 2)})
    shape = [sorted(map(str, first)), [type(key).__name__ for key in first], type(first["t"]).__name__]
    CALLED.append(repr(shape))
    if ctx.attempt == 1:
        raise ValueError("once")
    return {"shape": shape}


def step_without_json(ctx: Context) -> Any:
    def send(key: str) -> Any:
        CALLED.append(key)
        return datetime.now(UTC)

    return ctx.step("send", send)


def step_annotated(ctx: Context) -> Any:
    def send(key: str) -> datetime:
        CALLED.append(key)
        return datetime.now(UTC)

    return {"at": str(ctx.step("send", send))}


def step_returns(ctx: Context) -> Any:
    moment = ctx.step("when", lambda _: datetime(2030, 1, 1, tzinfo=UTC), returns=datetime)
    CALLED.append(type(moment).__name__)
    if ctx.attempt == 1:
        raise ValueError("once")
    return {"year": moment.year}


def many_calls(ctx: Context) -> Any:
    calls = [Call("test.noop", {"n": number}) for number in range(CALLS[0])]
    return {"children": len(ctx.gather("kids", calls).children)}


def other_payload(ctx: Context) -> Any:
    return {"children": len(ctx.gather("kids", [Call("test.noop", {"n": CALLS[0]})]).children)}


def with_connection(ctx: Context) -> Any:
    with ctx.db:
        pass


def keep_a_transaction_open(ctx: Context) -> Any:
    block = ctx.db.transaction()
    block.__enter__()
    KEPT.append(block)
    return {}


def leave_a_pipeline(ctx: Context) -> Any:
    pipeline = ctx.db.pipeline()
    pipeline.__enter__()
    KEPT.append(pipeline)
    return {}


def raw_cursor(statement: str) -> Callable[[Context], Any]:
    def act(ctx: Context) -> Any:
        psycopg.Cursor(ctx.db).execute(statement.encode())
        return {}

    return act


def low_level(statement: str) -> Callable[[Context], Any]:
    def act(ctx: Context) -> Any:
        ctx.db.pgconn.exec_(statement.encode())
        return {}

    return act


def factories(ctx: Context) -> Any:
    ctx.db.row_factory = psycopg.rows.tuple_row  # type: ignore[assignment] # the mistake
    ctx.db.cursor_factory = psycopg.ClientCursor
    return {}


def spawn_twice(ctx: Context) -> Any:
    return {"ids": [str(ctx.spawn("test.noop", {}, key="once")), str(ctx.spawn("test.noop", {}, key="once"))]}


def send_much(key: str) -> str:
    CALLED.append(key)
    return "x" * 300_000
