"""The parts of one warm worker container, its messages, and its state between invocations."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from orchestrator.aws.queues import LONGEST_DELAY, LONGEST_INVISIBILITY, EventQueue, TaskQueue
from orchestrator.engine.agents import Agent, Agents
from orchestrator.engine.execution.heartbeat import Heartbeat, NoHeartbeat
from orchestrator.engine.execution.lanes.event_loop import EventLoop
from orchestrator.engine.execution.lanes.pool import ConnectionPool
from orchestrator.engine.flags import FlagReader
from orchestrator.model.outcome import Outcome
from orchestrator.model.states import Status
from orchestrator.model.task import Json, Lane
from orchestrator.store.connection import Database

if TYPE_CHECKING:
    from orchestrator.engine.context import Context
    from orchestrator.engine.execution.handler import Handled


class Source(Enum):
    """Where a message comes from."""

    #: The engine sent it to say that the task can run.
    TASK_QUEUE = auto()
    #: It came back from the dead-letter queue.
    DEAD_LETTER_QUEUE = auto()
    #: An operator or older code sent it; it says nothing of itself.
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Message:
    """A queue message about a task.

    `sent_ms`: when SQS took it (epoch ms); `receives`: how often SQS delivered it; `dead_seq`: for a dead letter's
    message, the `seq` that the task had when it became one.
    """

    message_id: str
    receipt_handle: str
    task_id: UUID
    sent_ms: float = 0.0
    receives: int = 1
    source: Source = Source.UNKNOWN
    dead_seq: int = 0


def source_of(dead_seq: int | None) -> tuple[Source, int]:
    """Return the source and the `dead_seq` that a message's attribute `dead_seq` names (None: it has none)."""
    if dead_seq is None:
        return Source.UNKNOWN, 0
    return (Source.DEAD_LETTER_QUEUE, dead_seq) if dead_seq else (Source.TASK_QUEUE, 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a task's messages: SQS deletes them, or hides them for `seconds` and delivers them again.

    `sent`: the visibility of the messages has been set already.
    """

    seconds: float | None
    sent: bool = False

    @property
    def deletes(self) -> bool:
        return self.seconds is None


DELETE = Reply(None)


def reply_to(outcome: Outcome) -> Reply:
    """Return the reply to the messages of a task with this outcome.

    They are deleted when the task is over, paused, waits for children or an answer, or is due later than SQS can hide
    a message. A longer sleep is the sweeper's: hidden messages are in flight, and SQS bounds their number.
    """
    if outcome.suspended is not None and (outcome.suspended.kind != "sleep" or outcome.delay > LONGEST_DELAY):
        return DELETE
    if outcome.status is not Status.PENDING or outcome.parked_by or outcome.wait is not None:
        return DELETE
    return Reply(float(math.ceil(outcome.delay))) if outcome.delay <= LONGEST_INVISIBILITY else DELETE


#: By task; a task without a reply has not been decided yet.
Replies: TypeAlias = dict[UUID, Reply]


def start_thread(work: Callable[[], None]) -> None:
    """Run `work` in a thread that does not keep the process from ending."""
    threading.Thread(target=work, name="attempt", daemon=True).start()


@dataclass(slots=True, kw_only=True)
class Worker:
    """The parts the engine runs with. `side` is a second connection, for writes before the batch commits."""

    name: str
    db: Database
    side: Database
    queue: TaskQueue
    dead_letters: TaskQueue
    events: EventQueue
    agents: Agents
    flags: FlagReader
    #: The version of the code, stored with every attempt.
    version: str = ""
    rng: random.Random = field(default_factory=random.SystemRandom)
    #: Mean seconds of each type's handlers in this container.
    pace: dict[str, float] = field(default_factory=dict)
    #: Mean seconds of each type's steps in this container.
    step_paces: dict[str, float] = field(default_factory=dict)
    #: Renews the leases of attempts that run long.
    heartbeat: Heartbeat = field(default_factory=NoHeartbeat)
    #: The lane whose queue it receives, and the attempts that it runs side by side in the lane `long`. Without a lane
    #: it runs every task, one after another: the test kit does.
    lane: Lane | None = "quick"
    slots: int = 10
    #: The connections of the attempts of the lane `long`.
    pool: ConnectionPool | None = None
    #: The event loop of `async def` handlers.
    loop: EventLoop = field(default_factory=EventLoop)
    #: Starts the thread of an attempt of the lane `long`.
    start: Callable[[Callable[[], None]], None] = start_thread
    #: Calls handlers; None: in the thread that runs the batch.
    invoke: Callable[[Agent, Context, object], object] | None = None
    #: Attempts whose outcome could not be written because the database was away.
    orphans: list[Handled] = field(default_factory=list)

    @property
    def started_event(self) -> dict[str, Json]:
        """Return the data of the started events of this worker's attempts."""
        return {"worker": self.name, "version": self.version}

    def note_pace(self, task_type: str, seconds: float) -> None:
        """Update the type's moving mean, so that a slow type's neighbours are committed before it starts."""
        mean = self.pace.get(task_type, seconds)
        self.pace[task_type] = mean + (seconds - mean) * 0.3

    def is_quick(self, task_type: str, within: float) -> bool:
        """Return whether the type's handlers are known to take less than `within` seconds."""
        return self.pace.get(task_type, within) < within
