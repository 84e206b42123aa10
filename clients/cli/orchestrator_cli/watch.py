"""Poll the API, also through a time without answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import TypeVar

import typer

from orchestrator_cli.session import Refusal
from orchestrator_cli.show import duration

T = TypeVar("T")

#: Refusals that pass: nobody is there, too many requests, or a part is away.
PASSING = frozenset({0, 429, 502, 503, 504})
#: Seconds between two polls while there is no answer, at most.
SLOWEST = 30.0
#: Seconds without an answer that a command bears which is to end by itself.
PATIENCE = 300.0


def poll(
    ask: Callable[[], T],
    every: float,
    silent: Callable[[float], object],
    *,
    begun: bool = False,
    patience: float = inf,
) -> Iterator[T]:
    """Yield the result of `ask` at this interval; call `silent` with the seconds since the last answer.

    Raise Refusal: one that does not pass, one before the first answer (unless that has `begun`), and one after
    `patience` seconds of them.
    """
    pause, wait, answered = threading.Event(), every, time.monotonic()
    while True:
        try:
            answer = ask()
        except Refusal as refusal:
            since = time.monotonic() - answered
            if not begun or refusal.status not in PASSING or since > patience:
                raise
            silent(since)
            wait = min(wait * 2, SLOWEST)
        else:
            begun, wait, answered = True, every, time.monotonic()
            yield answer
        pause.wait(wait)


def no_answer(seconds: float) -> str:
    return f"no answer since {duration(seconds)}"


def report_silence(seconds: float) -> None:
    """Report it on standard error, beside the output for programs."""
    typer.secho(no_answer(seconds), err=True, fg=typer.colors.YELLOW)
