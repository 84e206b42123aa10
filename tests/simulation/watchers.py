"""One browser per owner that watches everything, over a gateway that may fail."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Literal
from uuid import UUID

from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.engine.live import subscriptions
from orchestrator.store.connection import Database
from tests.support.frames import updates_in

OWNERS = ("ann", "bob", "cem")


class SimulatedSockets(Sockets):
    """Record the `seq` of each task update that the engine sent to a connection, by task."""

    def __init__(self) -> None:
        super().__init__("simulated")
        self.mood: Literal["well", "fails"] = "well"
        self.seen: dict[UUID, list[int]] = defaultdict(list)

    def post(self, connection_id: str, data: bytes) -> Delivery:
        if self.mood == "fails":
            return Delivery.FAILED
        for update in updates_in(json.loads(data)):
            self.seen[UUID(update["id"])].append(update["seq"])
        return Delivery.SENT

    def delete(self, connection_id: str) -> None:
        raise AssertionError(f"{connection_id} closed although its session lasts")


def open_all(db: Database, sockets: Sockets, until: float) -> None:
    for owner in OWNERS:
        subscriptions.connect(db, sockets, subscriptions.issue_ticket(db, owner, until), f"socket-{owner}")
        subscriptions.subscribe(db, sockets, f"socket-{owner}", None, None)


def ping_all(db: Database, sockets: Sockets) -> None:
    for owner in OWNERS:
        subscriptions.ping(db, sockets, f"socket-{owner}")


def complete(seen: list[int], newest: int) -> bool:
    """Every event, each for the first time after the one before it."""
    return list(dict.fromkeys(seen)) == list(range(1, newest + 1))
