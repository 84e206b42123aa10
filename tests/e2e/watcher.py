"""A watcher of tasks, as the contract's WebSocket knows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

OVER = {"completed", "failed", "dead-letter", "cancelled"}


class Watcher:
    """One connection; keeps every update it was sent."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.updates: list[dict[str, Any]] = []

    def send(self, message: object) -> None:
        self._socket.send(json.dumps(message))

    def receive(self, kind: str, seconds: float = 30.0) -> dict[str, Any]:
        """The next frame of that type; updates on the way are kept."""
        deadline = monotonic() + seconds
        while True:
            frame: dict[str, Any] = json.loads(self._socket.recv(timeout=max(0.0, deadline - monotonic())))
            if frame["type"] == "task-update":
                self.updates.append(frame)
            if frame["type"] == kind:
                return frame

    def subscribe(self, **more: object) -> str:
        self.send({"action": "subscribe", **more})
        return str(self.receive("subscribed")["cursor"])

    def until_over(self, task_id: str) -> dict[str, Any]:
        """Wait for the task's end; returns its last state."""
        for task in self._states_of(task_id):
            if task["status"] in OVER:
                return task
        raise AssertionError("unreachable: receive raises when nothing comes")

    def _states_of(self, task_id: str) -> Iterator[dict[str, Any]]:
        yield from [one["task"] for one in self.updates if one["task"]["id"] == task_id]
        while True:
            task: dict[str, Any] = self.receive("task-update")["task"]
            if task["id"] == task_id:
                yield task


@contextmanager
def watching(client: httpx.Client) -> Iterator[Watcher]:
    """Connect with a fresh ticket of the client's."""
    answer = client.post("/api/realtime/ticket")
    answer.raise_for_status()
    with connect(answer.json()["url"], open_timeout=30) as socket:
        yield Watcher(socket)
