"""A task queue on the test's clock: delays and hidden messages pass with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from orchestrator.aws.queues import BATCH, Depth, EventQueue, Received, TaskMessage, TaskQueue
from orchestrator.aws.websocket_api import Sockets
from orchestrator.engine.execution.worker import Message, source_of

#: Seconds until a message comes back whose worker was killed.
VISIBILITY = 70.0


@dataclass(slots=True)
class _Stored:
    message: TaskMessage
    visible_at: datetime
    receives: int = 0


class VirtualQueue(TaskQueue):
    """Messages by receipt handle. `point` is called around each send."""

    def __init__(self, now: Callable[[], datetime], point: Callable[[str], None]) -> None:
        super().__init__("virtual")
        self._now, self._point = now, point
        self._handles = count(1)
        self._stored: dict[str, _Stored] = {}

    def send(self, task_messages: Sequence[TaskMessage]) -> list[TaskMessage]:
        if task_messages:
            self._point("before a message is sent")
        for message in task_messages:
            self._stored[str(next(self._handles))] = _Stored(message, self._now() + timedelta(seconds=message.delay))
        if task_messages:
            self._point("after a message was sent")
        return []

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        for handle, seconds in changes:
            self._hide(handle, seconds)

    def take(self) -> list[Message]:
        """Return up to ten visible messages, each hidden until its worker has replied."""
        visible = [handle for handle, stored in self._stored.items() if stored.visible_at <= self._now()][:BATCH]
        return [self._taken(handle) for handle in visible]

    def _taken(self, handle: str) -> Message:
        stored = self._stored[handle]
        stored.receives += 1
        self._hide(handle, VISIBILITY)
        source, dead_seq = source_of(stored.message.dead_seq)
        return Message(handle, handle, stored.message.task_id, 0.0, stored.receives, source, dead_seq)

    def _hide(self, handle: str, seconds: float) -> None:
        if handle in self._stored:
            self._stored[handle].visible_at = self._now() + timedelta(seconds=seconds)

    def replied(self, taken: Iterable[Message], back: Iterable[str]) -> None:
        """Delete the taken messages but those that come back."""
        kept = set(back)
        for message in taken:
            if message.message_id not in kept:
                self._stored.pop(message.message_id, None)

    def repeat(self, times: int) -> None:
        """Duplicate every message so many times."""
        for stored in list(self._stored.values()):
            for _ in range(times):
                self._stored[str(next(self._handles))] = _Stored(stored.message, stored.visible_at)

    def next_visible(self) -> datetime | None:
        """Return when the next message becomes visible."""
        return min((stored.visible_at for stored in self._stored.values()), default=None)

    def depth(self) -> Depth:
        return Depth(0, 0, 0)

    def receive(self) -> list[Received]:
        return []


class SilentEvents(EventQueue):
    """Nobody watches."""

    def __init__(self) -> None:
        super().__init__("silent")

    def announce(self, changes: Iterable[tuple[str, str | None]]) -> None:
        """Send no notification."""


class NoSockets(Sockets):
    """No connection is open."""

    def __init__(self) -> None:
        super().__init__("none")

    def delete(self, connection_id: str) -> None:
        """Close nothing."""
