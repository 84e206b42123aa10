"""What one warm worker container works with, and what it remembers between invocations."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskQueue
from orchestrator.engine.agents import Agents
from orchestrator.engine.flags import FlagReader
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Database


@dataclass(frozen=True, slots=True)
class Message:
    """A queue message about a task.

    `sent_ms`: when SQS took it (epoch ms); `receives`: how often it was given out; `death`: the seq at which the task
    died of which this is the dead letter, 0 for our wake-ups, None when it is not from us.
    """

    message_id: str
    receipt_handle: str
    task_id: UUID
    sent_ms: float = 0.0
    receives: int = 1
    death: int | None = None


@dataclass(slots=True, kw_only=True)
class Worker:
    """The parts the engine runs with. `side` is a second connection, for what must be seen before the batch commits."""

    name: str
    db: Database
    side: Database
    queue: TaskQueue
    dead_letters: TaskQueue
    events: EventQueue
    agents: Agents
    flags: FlagReader
    #: Of the code, kept with every attempt.
    version: str = ""
    rng: random.Random = field(default_factory=random.SystemRandom)
    #: Mean seconds of each type's handlers in this container.
    pace: dict[str, float] = field(default_factory=dict)
    #: Attempts whose outcome could not be written because the database was away.
    orphans: list[Attempt] = field(default_factory=list)

    def note_pace(self, task_type: str, seconds: float) -> None:
        """Keeps a moving mean, so that a slow type's neighbours are committed before it starts."""
        mean = self.pace.get(task_type, seconds)
        self.pace[task_type] = mean + (seconds - mean) * 0.3

    def is_quick(self, task_type: str, within: float) -> bool:
        """Whether the type's handlers are known to take less than `within` seconds."""
        return self.pace.get(task_type, within) < within
