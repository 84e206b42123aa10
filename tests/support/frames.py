"""A browser behind the gateway, and the updates in the frames that it receives."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from typing import Any
from uuid import uuid4

from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.engine.live import subscriptions
from tests.support.engine import Engine


def updates_in(frame: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the task's updates in a frame, oldest first: `earlier`, then the update itself; none for another frame."""
    if frame["type"] != "task-update":
        return []
    task = frame["task"]
    earlier = [
        {"id": task["id"], "type": task["type"], "event": each["kind"], "updatedAt": each["createdAt"], **each}
        for each in task.get("earlier", [])
    ]
    return [*earlier, task]


class Browser(Sockets):
    """The gateway and everything behind it: keeps frames by connection; may fail at random or be gone."""

    def __init__(self) -> None:
        super().__init__("browser")
        self.frames: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.gone: set[str] = set()
        self.closed: set[str] = set()
        self.fails: random.Random | None = None

    def post(self, connection_id: str, data: bytes) -> Delivery:
        if connection_id in self.gone:
            return Delivery.GONE
        if self.fails is not None and self.fails.random() < 0.4:
            return Delivery.FAILED
        assert len(data) <= 128 * 1024
        self.frames[connection_id].append(json.loads(data))
        return Delivery.SENT

    def delete(self, connection_id: str) -> None:
        self.closed.add(connection_id)

    def updates(self, connection_id: str) -> list[tuple[str, int]]:
        return [(each["id"], each["seq"]) for frame in self.frames[connection_id] for each in updates_in(frame)]

    def cursor(self, connection_id: str) -> str:
        return str(next(f["cursor"] for f in reversed(self.frames[connection_id]) if f["type"] != "error"))


def opened(engine: Engine, browser: Browser, owner: str = "1", life: float = 600) -> str:
    connection = uuid4().hex
    ticket = subscriptions.issue_ticket(engine.db, owner, time.time() + life)
    assert subscriptions.connect(engine.db, browser, ticket, connection) == owner
    return connection


def subscribed(engine: Engine, browser: Browser, owner: str = "1", cursor: str | None = None) -> str:
    connection = opened(engine, browser, owner, life=86_400)
    subscriptions.subscribe(engine.db, browser, connection, cursor, None)
    return connection
