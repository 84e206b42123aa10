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
from orchestrator.model.task import Lane
from tools.local_stack.templates import read
from tools.virtualenvs import ROOT

#: The queue keeps a sent message, refuses it, accepts and loses it, or delivers it twice.
Mood = Literal["well", "refuses", "loses", "doubles"]

_RESOURCES = read(ROOT / "template.yaml")["Resources"]
_QUEUES = {"quick": _RESOURCES["TaskQueue"]["Properties"], "long": _RESOURCES["LongTaskQueue"]["Properties"]}
#: Seconds a received message stays hidden in each lane, from the template.
VISIBILITY = {lane: float(queue["VisibilityTimeout"]) for lane, queue in _QUEUES.items()}
#: Receives after which a message goes to the dead-letter queue, from the template: the same in both lanes.
(MAX_RECEIVES,) = {int(queue["RedrivePolicy"]["maxReceiveCount"]) for queue in _QUEUES.values()}


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
    #: The lane whose queue it is in, which may be another than its task's.
    lane: Lane = "quick"

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
    """The standard queues of both lanes, with a redrive policy."""

    def __init__(
        self,
        now: Callable[[], float],
        rng: random.Random,
        lane_of: Callable[[str], Lane],
        dead_letters: SimulatedQueue | None = None,
    ) -> None:
        super().__init__("simulated")
        self._lane_of = lane_of
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
                lane = self._lane_of(wake.type)
                self.put(wake.task_id, wake.owner, wake.dead_seq, delay=wake.delay, lane=lane)
        return []

    def put(self, task_id: UUID, owner: str, dead_seq: int | None, *, delay: float = 0.0, lane: Lane = "quick") -> None:
        now = self._now()
        self._keep(QueuedMessage("", task_id, owner, sent=now, visible=now + delay, dead_seq=dead_seq, lane=lane))

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        for handle, seconds in changes:
            if handle in self.queued_messages:
                self.queued_messages[handle].visible = self._now() + seconds

    def take(self, most: int, lane: Lane | None = None) -> list[QueuedMessage]:
        """Receives visible messages, in any order; one received too often moves to the dead-letter queue."""
        visible = [each for each in self.queued_messages.values() if each.visible <= self._now()]
        visible = [each for each in visible if lane is None or each.lane == lane]
        self._rng.shuffle(visible)
        taken = []
        for queued in visible[:most]:
            queued.receives += 1
            queued.visible = self._now() + VISIBILITY[queued.lane]
            if queued.receives > MAX_RECEIVES and self._dead_letters is not None:
                del self.queued_messages[queued.id]
                self._dead_letters.put(queued.task_id, queued.owner, queued.dead_seq, lane=queued.lane)
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
            other.put(queued.task_id, queued.owner, queued.dead_seq, lane=queued.lane)
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
