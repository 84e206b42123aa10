"""The part of a context that every call enters through: the attempt's interruption, its end, and its used names."""

from __future__ import annotations

import os
import threading

from orchestrator.model.errors import Interrupted


class Scope:
    """One attempt as long as its handler may use it."""

    def __init__(self) -> None:
        #: The interruption that the engine raised in the handler; every later call raises it again.
        self.interrupted: Interrupted | None = None
        self._names: set[str] = set()
        self._closed = False
        self._process = os.getpid()
        #: Taken while the attempt loads its steps or writes its start.
        self._turn = threading.RLock()

    def interrupt(self, error: Interrupted) -> Interrupted:
        """Remember the error that ends this attempt, and return it; the first one counts."""
        if self.interrupted is None:
            self.interrupted = error
        return error

    def close(self) -> None:
        """End the attempt: a thread that goes on cannot use this context any more."""
        self._closed = True

    def _enter(self) -> None:
        """Raise the error that interrupted this attempt; raise RuntimeError outside of it."""
        if os.getpid() != self._process:
            raise RuntimeError("a forked process cannot use the context of its parent's handler")
        if self._closed:
            raise RuntimeError("this attempt has ended; its context cannot be used any more")
        if self.interrupted is not None:
            raise self.interrupted

    def _unique(self, name: str, separator: str = "#") -> str:
        """Return the name, or `name#2` and so on when this attempt has used it."""
        candidate, number = name, 1
        while candidate in self._names:
            number += 1
            candidate = f"{name}{separator}{number}"
        self._names.add(candidate)
        return candidate
