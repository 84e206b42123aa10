"""Calls of an `async def` handler that run in threads, and its own coroutines that those calls wait for."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from types import TracebackType
from typing import Self, TypeVar

from orchestrator.model.errors import Interrupted

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Return what `call` returns in a new thread. Raise CancelledError when the engine ends the attempt.

    Not a pool of threads: a step waits for its coroutine, and calls of that coroutine would find the pool full.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    run = contextvars.copy_context().run

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # there is a result when there is no error

    def work() -> None:
        try:
            outcome: tuple[T | None, BaseException | None] = (run(call), None)
        except Interrupted:
            outcome = (None, asyncio.CancelledError())
        except BaseException as error:
            outcome = (None, error)
        loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, name="context call", daemon=True).start()
    return await future


class Turns:
    """One statement of a transaction at a time, and none after the end of its handler.

    A cancelled coroutine leaves its thread behind. The thread must not use a connection that the engine has taken back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a turn. Raise RuntimeError after the end."""
        with self._lock:
            if self._ended:
                raise RuntimeError("this attempt has ended; its transaction cannot be used any more")
            yield

    def end(self) -> None:
        """Give no more turns; wait for the one that is taken."""
        with self._lock:
            self._ended = True


class Effects:
    """The coroutines of a step, or of steps side by side: cancelled when the block ends by an error."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running: set[asyncio.Task[object]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for task in self._running:
                task.cancel()

    def plain(self, fn: Callable[[str], Awaitable[T]]) -> Callable[[str], T]:
        """Return a plain function that a thread calls: it runs `fn` on the event loop and waits for its result."""

        async def awaited(key: str) -> T:
            task = asyncio.current_task()
            if task is not None:
                self._running.add(task)
            result: Awaitable[T] | T = fn(key)
            return await result if isinstance(result, Awaitable) else result  # a plain function works too

        def call(key: str) -> T:
            return asyncio.run_coroutine_threadsafe(awaited(key), self._loop).result()

        update_wrapper(call, fn)  # the step reads its annotations
        return call
