"""Effects outside the database, played and recorded: by which line, in which step, with which key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """One call: `line` is `file:number` in the agents' package, `step` and `key` are None outside of a step."""

    name: str
    arguments: str
    line: str
    step: str | None
    key: str | None


class Outside:
    """A played function. It returns `returns`, or the value of `returns(*args, **kwargs)`."""

    def __init__(self, recorder: Recorder, name: str, returns: Any) -> None:
        self._recorder, self._name, self._returns = recorder, name, returns

    @property
    def calls(self) -> list[OutsideCall]:
        """Return the calls so far."""
        return [call for call in self._recorder.calls if call.name == self._name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._recorder.record(self._name, args, kwargs)
        return self._returns(*args, **kwargs) if callable(self._returns) else self._returns


class Recorder:
    """The calls of all played functions, in order, and the step that runs now."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.calls: list[OutsideCall] = []
        #: The running step and its idempotency key.
        self.step: tuple[str, str] | None = None

    @contextmanager
    def inside(self, name: str, key: str) -> Iterator[None]:
        """Run the block as a step."""
        before, self.step = self.step, (name, key)
        try:
            yield
        finally:
            self.step = before

    def record(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        step, key = self.step if self.step is not None else (None, None)
        passed = key is not None and key in [*args, *kwargs.values()]
        rest = [repr(each) for each in args if each != key]
        rest += [f"{word}={each!r}" for word, each in sorted(kwargs.items()) if each != key]
        self.calls.append(OutsideCall(name, ", ".join(rest), self.line(), step, key if passed else None))

    def line(self) -> str:
        """Return the innermost line of the agents' package on the stack."""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (the only way to the caller's line)
        while frame is not None:
            if str(frame.f_globals.get("__name__", "")).startswith(self._package):
                return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            frame = frame.f_back
        return "an unknown line"


@contextmanager
def played(target: str, function: Callable[..., Any]) -> Iterator[None]:
    """Replace `package.module.name` by a function while the block runs. Raise AttributeError when it is not there."""
    module, _, name = target.rpartition(".")
    owner = import_module(module)
    original = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, original)
