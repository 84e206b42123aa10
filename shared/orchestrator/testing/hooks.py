"""Hooks into running handlers: the points at which a worker can be killed, failures of steps, writes before steps."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from orchestrator.engine.context import Context
from orchestrator.model import fault_injection
from orchestrator.model.fault_injection import Point
from orchestrator.store.handler_session import HandlerSession
from orchestrator.testing.outside import Recorder

#: The engine's own points, as a report names them.
NAMES: dict[Point, str] = {
    "submit.committed": "after the submit's commit, before its message",
    "run.claimed": "after the claim",
    "run.handled": "after the handler, before the commit",
    "run.finished": "after the commit",
    "run.dead_lettered": "after the dead letter's message",
}
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")


class StepFailed(RuntimeError):
    """The failure that `fail` asked for."""


class Hooks:
    """The state of the hooks; `on_point` is called at each point with its name."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.on_point: Callable[[str], None] | None = None
        self.failures: Counter[str] = Counter()
        #: The lines of writes of the running handler before a step, with the step.
        self.writes_before_steps: dict[str, str] = {}
        self._last_write: tuple[HandlerSession, str] | None = None

    def point(self, name: str) -> None:
        """Say that the process is at a point."""
        if self.on_point is not None:
            self.on_point(name)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Watch every handler of this process while the block runs."""
        step, note = Context.step, HandlerSession.note

        def watched_step(context: Context, name: str, fn: Callable[[str], Any], **options: Any) -> Any:
            if self._last_write is not None:
                self.writes_before_steps.setdefault(name, self._last_write[1])
            result = step(context, name, self._around(name, fn), **options)
            self.point(f"after the record of step {name!r}")
            return result

        def watched_note(session: HandlerSession, query: Any, tag: str | None) -> None:
            note(session, query, tag)
            if (tag or "").partition(" ")[0] in WRITES:
                self._last_write = (session, self._recorder.line())

        Context.step, HandlerSession.note = watched_step, watched_note  # type: ignore[method-assign, assignment] # only while it runs
        fault_injection.arm(self._reached)
        try:
            yield
        finally:
            fault_injection.arm(None)
            Context.step, HandlerSession.note = step, note  # type: ignore[method-assign] # as before

    def _reached(self, point: Point) -> None:
        if point in ("run.claimed", "run.handled"):
            self._last_write = None
        if point in NAMES:
            self.point(NAMES[point])

    def _around(self, name: str, fn: Callable[[str], Any]) -> Callable[[str], Any]:
        @functools.wraps(fn)
        def called(key: str) -> Any:
            self.point(f"before the effect of step {name!r}")
            if self.failures[f"step:{name}"] > 0:
                self.failures[f"step:{name}"] -= 1
                raise StepFailed(f"step {name!r} fails, as the test asked")
            with self._recorder.inside(name, key):
                result = fn(key)
            self.point(f"after the effect of step {name!r}, before its record")
            return result

        return called
