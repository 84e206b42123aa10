"""The states of a task and the legal moves between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args


class Status(StrEnum):
    """Every state of a task; the constraint `task_status_known` has the same list."""

    #: Waits until it is due, its flag is on or its children are done. The sweeper repairs a lost task message.
    PENDING = "pending"
    #: Leased to one attempt. When its lease ends, the task is pending again.
    PROCESSING = "processing"
    #: The handler's result and effects are committed. Final.
    COMPLETED = "completed"
    #: The handler refused the task. Final, never retried.
    FAILED = "failed"
    #: All attempts are used up. An operator can redrive or discard it.
    DEAD_LETTER = "dead-letter"
    #: The owner or an operator cancelled it. Final, without effects.
    CANCELLED = "cancelled"


#: The states of unfinished tasks and of dead letters in more detail; the view `live_tasks` defines each.
UnfinishedState = Literal["due", "scheduled", "retrying", "waiting", "processing", "parked"]
LiveState = Literal[UnfinishedState, "dead"]
LIVE_STATES: tuple[LiveState, ...] = get_args(LiveState)

#: Every legal move, as (from, to); the function `check_task` has the same list.
LEGAL_MOVES: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.PENDING, Status.PROCESSING),
        (Status.PENDING, Status.CANCELLED),
        (Status.PROCESSING, Status.PENDING),
        (Status.PROCESSING, Status.COMPLETED),
        (Status.PROCESSING, Status.FAILED),
        (Status.PROCESSING, Status.DEAD_LETTER),
        (Status.PROCESSING, Status.CANCELLED),
        (Status.DEAD_LETTER, Status.PENDING),
        (Status.DEAD_LETTER, Status.CANCELLED),
    }
)
#: States in which a task has stopped running; only a redrive or a discard moves a dead letter on.
FINAL = frozenset(Status) - {Status.PENDING, Status.PROCESSING}
