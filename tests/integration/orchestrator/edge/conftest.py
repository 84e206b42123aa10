"""The whole HTTP API on a real Postgres; only AWS is played."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from orchestrator.cloud import secrets as secrets_module
from orchestrator.cloud.flags import Flags
from orchestrator.cloud.secrets import Secrets
from orchestrator.cloud.sockets import Delivery, Sockets
from orchestrator.edge.http import Services, build_app
from orchestrator.edge.routes import ROUTERS
from orchestrator.edge.tokens import Tokens
from orchestrator.engine.agents import Agents
from orchestrator.store.db import Database
from playmate import routes
from tests.gateway import Caller
from tests.queues import RecordingEvents, RecordingQueue

ORIGIN = "https://app.example"


class CountedQueue(RecordingQueue):
    """Knows its depth, as SQS does."""

    def depth(self) -> dict[str, int]:
        return {"waiting": len(self.sent), "inFlight": 0, "delayed": 0}


@dataclass
class RecordedSockets(Sockets):
    """Every frame, by connection; those in `gone` are over."""

    endpoint: str = "https://gateway.example"
    frames: list[tuple[str, bytes]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    closed: list[str] = field(default_factory=list)

    def post(self, connection_id: str, data: bytes) -> Delivery:
        if connection_id in self.gone:
            return Delivery.GONE
        self.frames.append((connection_id, data))
        return Delivery.SENT

    def delete(self, connection_id: str) -> None:
        self.closed.append(connection_id)


@pytest.fixture
def queue() -> CountedQueue:
    return CountedQueue()


@pytest.fixture
def events() -> RecordingEvents:
    return RecordingEvents()


@pytest.fixture
def sockets() -> RecordedSockets:
    return RecordedSockets()


@pytest.fixture
def services(db: Database, queue: CountedQueue, events: RecordingEvents, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"current": "k", "k": "A" * 64})
    return Services(
        db=db,
        queue=queue,
        dead_letters=CountedQueue(),
        events=events,
        agents=Agents("playmate.agents"),
        tokens=Tokens(Secrets(), "arn", issuer="us", audience="app"),
        flags=Flags(None),
        allowed_origins=frozenset({ORIGIN}),
        secure_cookies=True,
        websocket_url="wss://socket.example/live",
        version="1.2.3",
        application="playmate",
    )


@pytest.fixture
def anyone(services: Services) -> Caller:
    return Caller(build_app(services, (*ROUTERS, *routes.ROUTERS)))


def signed_in(anyone: Caller, services: Services, owner: str, role: str | None = None) -> Caller:
    token, _ = services.tokens.issue(owner, f"User {owner}", role)
    return Caller(anyone.app, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def ann(anyone: Caller, services: Services) -> Caller:
    return signed_in(anyone, services, "1")


@pytest.fixture
def ben(anyone: Caller, services: Services) -> Caller:
    return signed_in(anyone, services, "2")


@pytest.fixture
def operator(anyone: Caller, services: Services) -> Caller:
    return signed_in(anyone, services, "9", "operator")
