"""The event loop of a worker container: a thread that runs every `async def` handler."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class EventLoop:
    """Started at its first use. `replace` it when a handler blocks it: the next handlers get another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        #: The task of each handler that has begun.
        self._tasks: WeakKeyDictionary[object, asyncio.Task[object]] = WeakKeyDictionary()

    def submit(self, coroutine: Coroutine[object, object, T]) -> Future[T]:
        """Run a coroutine; the future can be cancelled from any thread."""
        known: list[Future[T]] = []

        async def run() -> T:
            task = asyncio.current_task()
            if task is not None and known:
                self._tasks[known[0]] = task
            return await _contained(coroutine)

        future = asyncio.run_coroutine_threadsafe(run(), self._running())
        known.append(future)
        return future

    def answers(self, within: float) -> bool:
        """Return whether the loop runs something new within so many seconds: no handler blocks it."""
        loop, answered = self._loop, threading.Event()
        if loop is None:
            return True
        loop.call_soon_threadsafe(answered.set)
        return answered.wait(within)

    def is_used_by_other(self, future: Future[object]) -> bool:
        """Return whether another handler than this future's runs at this moment."""
        current = self._current()
        return current is not None and self._tasks.get(future) is not current

    def _current(self) -> asyncio.Task[object] | None:
        return asyncio.current_task(self._loop) if self._loop is not None else None

    def replace(self) -> None:
        """Leave the loop to the handler that blocks it."""
        with self._lock:
            self._loop = None

    def close(self) -> None:
        """Stop the loop's thread."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(self._loop,), name="handlers", daemon=True).start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _contained(coroutine: Coroutine[object, object, T]) -> T:
    """Run a handler; turn what would end the loop for every handler into an error of this one."""
    try:
        return await coroutine
    except (KeyboardInterrupt, SystemExit) as error:
        raise RuntimeError(f"the handler raised {type(error).__name__}: {error}") from error
