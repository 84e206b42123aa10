"""Queues that keep their messages, for tests of the engine alone. Real queues are met in tests/e2e."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from orchestrator.aws.queues import Depth, EventQueue, TaskMessage, TaskQueue


class RecordingQueue(TaskQueue):
    """Keeps wakes in `sent` and visibility changes in `hidden`; `broken` makes it take nothing."""

    def __init__(self) -> None:
        super().__init__("recording")
        self.sent: list[TaskMessage] = []
        self.hidden: dict[str, float] = {}
        self.broken = False

    def send(self, wakes: Sequence[TaskMessage]) -> list[TaskMessage]:
        if self.broken:
            return list(wakes)
        self.sent.extend(wakes)
        return []

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        self.hidden.update(changes)

    def depth(self) -> Depth:
        """Return zero: no recorded message waits for a receiver."""
        return Depth(0, 0, 0)

    @property
    def ids(self) -> list[UUID]:
        return [wake.task_id for wake in self.sent]


class RecordingEvents(EventQueue):
    """Record the owners that the engine sent notifications for."""

    def __init__(self) -> None:
        super().__init__("recording")
        self.owners: list[str] = []

    def announce(self, changes: Iterable[tuple[str, str | None]]) -> None:
        self.owners.extend(dict.fromkeys(owner for owner, _ in changes))
