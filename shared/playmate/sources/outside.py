"""Asking outside sources: never longer than agreed, not again and again in vain, not twice for one answer."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, NoReturn, TypeVar

from orchestrator.observability import logger

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The answer of a source. `missing` names the missing part; `value` may then be an old answer."""

    value: T | None
    missing: str | None = None


class SlowSourceError(Exception):
    """The source has not answered in time."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """`call()` if it ends in time; a call that hangs is left behind in its own thread."""
    done: SimpleQueue[Callable[[], T]] = SimpleQueue()

    def run() -> None:
        try:
            value = call()
        except Exception as error:
            done.put(partial(_raise, error))
        else:
            done.put(lambda: value)

    threading.Thread(target=run, daemon=True, name="source").start()
    try:
        finish = done.get(timeout=seconds)
    except Empty:
        raise SlowSourceError(f"no answer within {seconds:g} s") from None
    return finish()


def _raise(error: Exception) -> NoReturn:
    raise error


@dataclass(slots=True)
class Source(Generic[T]):
    """One outside source as this process knows it: its newest answers and whether it is worth asking."""

    name: str
    #: Seconds one question may take.
    timeout: float = 3.0
    #: Failures in a row after which it is left alone, and for how many seconds.
    patience: int = 3
    pause: float = 60.0
    #: Seconds an answer stays good, and how many are kept; older ones still serve while the source is away.
    keep: float = 3600.0
    room: int = 256
    clock: Callable[[], float] = time.monotonic
    _answers: OrderedDict[str, tuple[float, T]] = field(default_factory=OrderedDict)
    _failures: int = 0
    _closed_until: float = float("-inf")

    def ask(self, key: str, call: Callable[[], T]) -> Answer[T]:
        """Return the kept answer to `key`, or a new one; a failure is an answer with `missing`, not an exception."""
        kept = self._answers.get(key)
        if kept is not None and self.clock() - kept[0] < self.keep:
            return Answer(kept[1])
        if self.clock() < self._closed_until:
            return self._without(kept, "has failed repeatedly and is left alone for a while")
        try:
            value = within(self.timeout, call)
        except Exception as error:
            self._note_failure(error)
            return self._without(kept, "did not answer" if isinstance(error, SlowSourceError) else "failed")
        self._failures = 0
        self._remember(key, value)
        return Answer(value)

    def _note_failure(self, error: Exception) -> None:
        self._failures += 1
        logger.warning("source failed", source=self.name, reason=type(error).__name__, failures=self._failures)
        if self._failures >= self.patience:
            self._closed_until, self._failures = self.clock() + self.pause, 0

    def _remember(self, key: str, value: T) -> None:
        self._answers[key] = (self.clock(), value)
        self._answers.move_to_end(key)
        while len(self._answers) > self.room:
            self._answers.popitem(last=False)

    def _without(self, kept: tuple[float, T] | None, why: str) -> Answer[T]:
        if kept is None:
            return Answer(None, f"{self.name} {why}.")
        return Answer(kept[1], f"{self.name} {why}; an earlier answer is used.")
