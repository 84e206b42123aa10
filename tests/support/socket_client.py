"""A browser at the WebSocket function, as the gateway stands between them."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.entrypoints.websocket import answer
from orchestrator.store.connection import Database
from tests.integration.conftest import RecordedSockets
from tests.support.gateway import Caller


class Client:
    """A browser behind the gateway."""

    def __init__(self, db: Database, sockets: RecordedSockets, connection_id: str = "c1") -> None:
        self.db, self.sockets, self.id = db, sockets, connection_id

    def event(self, route: str, **more: Any) -> int:
        request = {"connectionId": self.id, "routeKey": route, "eventType": "MESSAGE"}
        return int(answer({"requestContext": request, **more}, self.db, self.sockets)["statusCode"])

    def connect(self, ticket: object) -> int:
        return self.event("$connect", queryStringParameters={"ticket": ticket})

    def say(self, frame: object) -> list[dict[str, Any]]:
        """Send a frame, and return the frames that the server answers to this connection."""
        before = len(self.sockets.frames)
        body = frame if isinstance(frame, str) or frame is None else json.dumps(frame)
        assert self.event("$default", body=body) == 200
        return [json.loads(data) for to, data in self.sockets.frames[before:] if to == self.id]


def ticket(caller: Caller) -> str:
    return str(caller.post("/api/realtime/ticket").json()["ticket"])
