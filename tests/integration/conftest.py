"""The whole HTTP API on a real Postgres; only AWS is played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from orchestrator.application import Application
from orchestrator.aws import secrets as secrets_module
from orchestrator.aws.feature_flag_admin import Deployed, FlagAdmin, Rollout, Setting, check
from orchestrator.aws.feature_flags import Flags
from orchestrator.aws.queues import Depth
from orchestrator.aws.secrets import Secrets
from orchestrator.aws.websocket_api import Delivery, Sockets
from orchestrator.engine.agents import Agents
from orchestrator.engine.execution.worker import Worker
from orchestrator.http.access_tokens import Tokens
from orchestrator.http.app import RouterMaker, Services, build_app
from orchestrator.http.routes import ROUTERS
from orchestrator.model.errors import Conflict
from orchestrator.store.connection import Connection, Database
from orchestrator_cli.session import Session
from tests.support.engine import LEDGER
from tests.support.gateway import Caller
from tests.support.postgres import connect_as
from tests.support.queues import RecordingEvents, RecordingQueue

ORIGIN = "https://app.example"


class CountedQueue(RecordingQueue):
    """Knows its depth, as SQS does."""

    def depth(self) -> Depth:
        return Depth(len(self.sent), 0, 0)


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


class PlayedFlagAdmin(FlagAdmin):
    """AppConfig as far as operators see it."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"insight": {"default": False}}
        self.version = 1
        self.takes_back = False
        #: Under way, begun by somebody else.
        self.rollout: Rollout | None = None

    def read(self) -> Deployed:
        return Deployed(self.document, self.version, self.version, "COMPLETE", 100.0, rollout=self.rollout)

    def set(self, name: str, setting: Setting | None, *, gradual: bool = False) -> Deployed:
        check(name, setting)
        aborted, self.rollout = self.rollout, None
        before, self.version = self.document, self.version + 1
        rest = {other: rule for other, rule in before.items() if other != name}
        self.document = rest if setting is None else {**rest, name: setting.rule()}
        done = replace(self.read(), aborted=aborted)
        if gradual and self.takes_back:
            self.document, self.version = before, 1
        return done if not gradual else replace(done, state="DEPLOYING", percent=0.0)

    def abort(self, deployment: int) -> Deployed:
        if self.rollout is None or self.rollout.deployment != deployment:
            raise Conflict("It is not under way.")
        aborted, self.rollout = self.rollout, None
        return replace(self.read(), aborted=aborted)


@pytest.fixture
def flag_admin() -> PlayedFlagAdmin:
    return PlayedFlagAdmin()


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
def api_db(database_url: str) -> Iterator[Database]:
    """The database as the API function sees it."""
    database = connect_as(database_url, "api")
    yield database
    database.close()


@pytest.fixture
def worker_db(database_url: str) -> Iterator[Database]:
    """The database as the worker function sees it."""
    database = connect_as(database_url, "worker")
    yield database
    database.close()


@pytest.fixture
def services(
    api_db: Database, queue: CountedQueue, events: RecordingEvents, monkeypatch: pytest.MonkeyPatch
) -> Services:
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"current": "k", "k": "A" * 64})
    return Services(
        db=api_db,
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
    return Caller(build_app(services, routers()))


def routers() -> tuple[RouterMaker, ...]:
    """Return the engine's routes and the playdate application's, which the engine's own tests run without."""
    return (*ROUTERS, *Application("playmate").routers())


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


@pytest.fixture
def api(services: Services, flag_admin: PlayedFlagAdmin) -> Caller:
    equipped = replace(
        services, flag_admin=flag_admin, rotate_keys=lambda revoke: "new-key" if not revoke else "revoked"
    )
    return Caller(build_app(equipped, routers()))


@pytest.fixture
def session(api: Caller, services: Services) -> Session:
    def transport(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        answer = api.send(method, url, body=body.decode() if body else None, headers=headers)
        return answer.status, answer.text.encode()

    return Session("http://api.example", services.tokens.issue("9", "olga", "operator")[0], transport)


@pytest.fixture
def worker(services: Services, conn: Connection, worker_db: Database, db: Database) -> Worker:
    conn.execute(LEDGER)
    return Worker(
        name="w",
        db=worker_db,
        side=db,
        queue=RecordingQueue(),
        dead_letters=RecordingQueue(),
        events=services.events,
        agents=Agents("tests.support.agents", "playmate.agents"),
        flags=services.flags,
        version="2.0",
    )
