"""The progress of a command: one line for each step, with a running clock on a terminal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TICK = 0.2  # seconds between two drawings of the running clock


class Refused(Exception):
    """The command cannot go on; the message names the remedy."""


def say(text: str = "", *, end: str = "\n") -> None:
    """Print a text. When nobody reads the output any more, or the disk is full, the command goes on without output."""
    try:
        print(text, end=end, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"The output cannot be written: {error.strerror}", file=sys.stderr)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show that `title` is under way, then how long it took."""
    began = time.monotonic()
    done = threading.Event()
    clock = threading.Thread(target=_draw, args=(title, began, done), daemon=True)
    clock.start()
    outcome = "✗"
    try:
        yield
        outcome = "✓"
    finally:
        done.set()
        clock.join()
        start_of_line = "\r" if sys.stdout.isatty() else ""
        say(f"{start_of_line}  {outcome} {title}  {time.monotonic() - began:.1f} s")


def _draw(title: str, began: float, done: threading.Event) -> None:
    if not sys.stdout.isatty():
        say(f"  … {title}")
        return
    while not done.wait(TICK):
        say(f"\r  … {title}  {time.monotonic() - began:.0f} s", end="")
