"""Ends a handler that runs longer than its agent allows."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import psycopg

import orchestrator.store
from orchestrator.engine.execution import transaction
from orchestrator.model.errors import HandlerTimeout

#: Modules that an interrupt must not leave halfway: their connection could not be used any more.
UNBROKEN = (psycopg.__name__, orchestrator.store.__name__, transaction.__name__)
#: The function in which psycopg waits for Postgres; there it takes an interrupt well.
WAITS = psycopg.Connection.wait.__code__
#: Seconds after which an interrupt at a bad moment is tried again.
AGAIN = 0.0005
#: Seconds between the interrupts of a handler that goes on after the first.
REPEAT = 1.0


@contextmanager
def time_limit(seconds: float, on_end: Callable[[HandlerTimeout], object] = lambda _: None) -> Iterator[None]:
    """Raise HandlerTimeout inside the block after so many seconds, and again every second; call `on_end` with it first.

    Lambda runs a handler in the main thread, the only one that a signal reaches; elsewhere the block is not limited.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_signum: int, frame: FrameType | None) -> None:
        if _must_go_on(frame):
            signal.setitimer(signal.ITIMER_REAL, AGAIN, REPEAT)
            return
        error = HandlerTimeout(f"ran longer than {seconds:g} s")
        on_end(error)
        raise error

    before = signal.signal(signal.SIGALRM, over)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)  # forgets one that waits behind a block
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        signal.signal(signal.SIGALRM, before)


def _must_go_on(frame: FrameType | None) -> bool:
    """Return whether an interrupt here would leave a connection halfway."""
    if frame is None or frame.f_code is WAITS:
        return False
    if _module(frame) == contextlib.__name__:  # entering or leaving a block, perhaps of those modules
        return True
    within: FrameType | None = frame
    while within is not None:
        if _module(within).startswith(UNBROKEN):
            return True
        within = within.f_back
    return False


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
