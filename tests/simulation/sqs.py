"""SQS as the engine must be able to bear it: at least once, in any order, late, twice, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal
from uuid import UUID

from orchestrator.aws.queues import Depth, EventQueue, Received, TaskMessage, TaskQueue
from orchestrator.engine.execution.worker import Message, source_of
from tools.local_stack.templates import read
from tools.virtualenvs import ROOT

#: The queue keeps a sent message, refuses it, accepts and loses it, or delivers it twice.
Mood = Literal["well", "refuses", "loses", "doubles"]

_QUEUE = read(ROOT / "template.yaml")["Resources"]["TaskQueue"]["Properties"]
#: Seconds a received message stays hidden, from the template.
VISIBILITY = float(_QUEUE["VisibilityTimeout"])
#: Receives after which a message goes to the dead-letter queue, from the template.
MAX_RECEIVES = int(_QUEUE["RedrivePolicy"]["maxReceiveCount"])


@dataclass(slots=True)
class QueuedMessage:
    """A message; times in seconds of the virtual clock."""

    id: str
    task_id: UUID
    owner: str
    sent: float
    visible: float
    receives: int = 0
    dead_seq: int | None = None

    def message(self) -> Message:
        source, dead_seq = source_of(self.dead_seq)
        return Message(
            self.id,
            self.id,
            self.task_id,
            sent_ms=self.sent * 1000,
            receives=self.receives,
            source=source,
            dead_seq=dead_seq,
        )


class SimulatedQueue(TaskQueue):
    """A standard queue with a redrive policy."""

    def __init__(
        self, now: Callable[[], float], rng: random.Random, dead_letters: SimulatedQueue | None = None
    ) -> None:
        super().__init__("simulated")
        self.queued_messages: dict[str, QueuedMessage] = {}
        self.mood: Mood = "well"
        #: The dead letters (task, `seq` of its dead-letter event) that an AWS redrive moved to another queue.
        self.moved: set[tuple[UUID, int]] = set()
        self._now, self._rng, self._dead_letters = now, rng, dead_letters
        self._ids = count(1)

    def send(self, wakes: Sequence[TaskMessage]) -> list[TaskMessage]:
        if self.mood == "refuses":
            return list(wakes)
        copies = {"well": 1, "loses": 0, "doubles": 2}[self.mood]
        for wake in wakes:
            for _ in range(copies):
                self.put(wake.task_id, wake.owner, wake.dead_seq, delay=wake.delay)
        return []

    def put(self, task_id: UUID, owner: str, dead_seq: int | None, *, delay: float = 0.0) -> None:
        now = self._now()
        self._keep(QueuedMessage("", task_id, owner, sent=now, visible=now + delay, dead_seq=dead_seq))

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        for handle, seconds in changes:
            if handle in self.queued_messages:
                self.queued_messages[handle].visible = self._now() + seconds

    def take(self, most: int) -> list[QueuedMessage]:
        """Receives visible messages, in any order; one received too often moves to the dead-letter queue."""
        visible = [queued for queued in self.queued_messages.values() if queued.visible <= self._now()]
        self._rng.shuffle(visible)
        taken = []
        for queued in visible[:most]:
            queued.receives += 1
            queued.visible = self._now() + VISIBILITY
            if queued.receives > MAX_RECEIVES and self._dead_letters is not None:
                self._dead_letters.put(self.queued_messages.pop(queued.id).task_id, queued.owner, queued.dead_seq)
            else:
                taken.append(queued)
        return taken

    def receive(self) -> list[Received]:
        return [Received(queued.id, queued.task_id, queued.dead_seq) for queued in self.take(10)]

    def delete(self, receipt_handles: Sequence[str]) -> None:
        self.remove(receipt_handles)

    def depth(self) -> Depth:
        """Count the visible and the hidden messages. The queue counts no message as delayed."""
        visible = sum(queued.visible <= self._now() for queued in self.queued_messages.values())
        return Depth(visible, len(self.queued_messages) - visible, 0)

    def double(self, queued_messages: Iterable[QueuedMessage]) -> None:
        """Another delivery of the same messages, at once."""
        for queued in list(queued_messages):
            self._keep(replace(queued, visible=self._now()))

    def remove(self, ids: Iterable[str]) -> None:
        for each in ids:
            self.queued_messages.pop(each, None)

    def move_all_to(self, other: SimulatedQueue) -> None:
        """AWS's redrive: the messages arrive on the other queue as new ones, attributes and all."""
        for queued in list(self.queued_messages.values()):
            other.put(queued.task_id, queued.owner, queued.dead_seq)
            if queued.dead_seq:
                self.moved.add((queued.task_id, queued.dead_seq))
        self.queued_messages.clear()

    def some(self, most: int) -> list[QueuedMessage]:
        return self._rng.sample(list(self.queued_messages.values()), min(most, len(self.queued_messages)))

    def _keep(self, queued: QueuedMessage) -> None:
        queued.id = f"m{next(self._ids)}"
        self.queued_messages[queued.id] = queued


class SimulatedEvents(EventQueue):
    """The owners that the engine sent notifications for."""

    def __init__(self) -> None:
        super().__init__("simulated")
        self.owners: set[str] = set()

    def announce(self, changes: Iterable[tuple[str, str | None]]) -> None:
        self.owners.update(owner for owner, _ in changes)
