"""Named points at which a process can die between two effects.

In production `reach` does nothing. A test arms it with an action at a point, usually SIGKILL to itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Point = Literal[
    "submit.committed",  # row committed, message not sent
    "run.claimed",  # lease taken, handler not started
    "run.returned",  # claims given back, messages still hidden
    "run.forwarded",  # message sent to the task's lane, the one that arrived here not deleted
    "run.started",  # started event written, handler not begun
    "run.renewed",  # leases extended
    "run.in_handler",  # inside the handler, effects written, nothing committed
    "step.intended",  # step with a check begun, effect not called
    "step.called",  # step's effect happened, not recorded
    "run.handled",  # handler done, outcome not committed
    "run.finished",  # outcome committed, children not woken, batch not answered
    "run.dead_lettered",  # dead letter sent, row not marked yet
    "sweep.marked",
    "sweep.scheduled",  # sweeper committed its marks, messages not sent
    "push.read",  # events read, nothing sent
    "push.sent",  # frames sent, cursor not kept
    "cancel.committed",  # cancelled, watchers not notified
    "signal.committed",  # signal stored, message not sent
    "redrive.committed",  # rows pending again, messages not sent
]
POINTS: tuple[Point, ...] = get_args(Point)


class ProcessKilled(BaseException):
    """The simulated end of the process: the only exception of a handler that the engine does not handle."""


@dataclass(slots=True)
class _Switch:
    """The action of this process at every point; None: none."""

    action: Callable[[Point], None] | None = None


_switch = _Switch()


def arm(action: Callable[[Point], None] | None) -> None:
    """Call `action` at every point from now on; None disarms."""
    _switch.action = action


def reach(point: Point) -> None:
    """Say that the process is at `point`."""
    if _switch.action is not None:
        _switch.action(point)
