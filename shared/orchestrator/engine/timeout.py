"""Ends a handler that runs longer than its agent allows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.model.errors import HandlerTimeout


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises HandlerTimeout inside the block after so many seconds.

    Lambda runs a handler in the main thread, the only one a signal reaches; elsewhere the block is not limited.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_signum: int, _frame: FrameType | None) -> None:
        raise HandlerTimeout(f"ran longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
