"""Queues that keep messages in a table, so that these outlive the sending process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from orchestrator.aws.queues import Depth, EventQueue, TaskMessage, TaskQueue
from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.store.connection import Connection, connect

TABLE = "CREATE TABLE IF NOT EXISTS wire (number serial, place text NOT NULL, what text NOT NULL)"


class Wire:
    """The messages that the engine sent over the network, in order."""

    def __init__(self, url: str) -> None:
        self.connection: Connection = connect(url)
        self.connection.execute(TABLE)

    def put(self, point: str, fault: str) -> None:
        self.connection.execute("INSERT INTO wire (place, what) VALUES (%s, %s)", (point, fault))

    def sent(self, point: str) -> list[str]:
        rows = self.connection.execute("SELECT what FROM wire WHERE place = %s ORDER BY number", (point,)).fetchall()
        return [row["what"] for row in rows]

    def take(self, point: str) -> list[UUID]:
        """The tasks whose messages lie there, which are gone then."""
        rows = self.connection.execute("DELETE FROM wire WHERE place = %s RETURNING what", (point,)).fetchall()
        return [UUID(row["what"]) for row in rows]


class WireQueue(TaskQueue):
    def __init__(self, wire: Wire, point: str) -> None:
        super().__init__(point)
        self.wire = wire

    def send(self, wakes: Sequence[TaskMessage]) -> list[TaskMessage]:
        for wake in wakes:
            self.wire.put(self.url, str(wake.task_id))
        return []

    def depth(self) -> Depth:
        return Depth(0, 0, 0)

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        for handle, seconds in changes:
            self.wire.put("hidden", f"{handle} {seconds:g}")


class WireEvents(EventQueue):
    def __init__(self, wire: Wire) -> None:
        super().__init__("events")
        self.wire = wire

    def announce(self, changes: Iterable[tuple[str, str | None]]) -> None:
        for owner in dict.fromkeys(owner for owner, _ in changes):
            self.wire.put("events", owner)


class WireSockets(Sockets):
    def __init__(self, wire: Wire) -> None:
        super().__init__("sockets")
        self.url = wire.connection.info.dsn
        self.wire = wire

    def post(self, connection_id: str, data: bytes) -> Delivery:
        self.wire.put(connection_id, data.decode())
        return Delivery.SENT

    def delete(self, connection_id: str) -> None:
        self.wire.put("closed", connection_id)
