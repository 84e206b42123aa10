"""Ends a handler that runs longer than its agent allows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.model.errors import HandlerTimeout

#: What must not be left halfway: a connection is of no use afterwards, to nobody in this container.
UNBROKEN = ("psycopg", "orchestrator.store", "orchestrator.engine.execution.transaction")
#: Seconds until an interrupt that would have come there is tried again.
AGAIN = 0.0005


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises HandlerTimeout inside the block after so many seconds.

    Lambda runs a handler in the main thread, the only one a signal reaches; elsewhere the block is not limited.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_signum: int, frame: FrameType | None) -> None:
        if _must_go_on(frame):
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
            return
        raise HandlerTimeout(f"ran longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _must_go_on(frame: FrameType | None) -> bool:
    """Whether the interrupt would leave a connection halfway. While it waits for Postgres, psycopg stands it."""
    if frame is None or (_module(frame), frame.f_code.co_name) == ("psycopg.connection", "wait"):
        return False
    if _module(frame) == "contextlib":  # on its way into or out of a block, perhaps of theirs
        return True
    within: FrameType | None = frame
    while within is not None:
        if _module(within).startswith(UNBROKEN):
            return True
        within = within.f_back
    return False


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
