"""Families on a real database, made through the application's own stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

import pytest

from orchestrator.http.app import Services
from orchestrator.store.connection import Connection
from orchestrator.testing import Ran, run_agent
from playmate.domain.coordinates import Point
from playmate.domain.friendship import State
from playmate.domain.weekly import Window
from playmate.knowledge import load_documents
from playmate.store import accounts, availability, friends, points
from playmate.store import kids as kid_store
from playmate.store.accounts import GuardianId
from playmate.store.availability import Calendar
from tests.integration.conftest import signed_in
from tests.support.engine import Engine
from tests.support.gateway import Caller

PARIS, LONDON, NEW_YORK = Point(48.85661, 2.35222), Point(51.50735, -0.12776), Point(40.71278, -74.00594)
LONGYEARBYEN, SYDNEY = Point(78.22334, 15.64689), Point(-33.86882, 151.20929)

Kids = Sequence[tuple[str, int, str]]


class MakeFamily(Protocol):
    """A guardian with kids, a point and, where given, a calendar."""

    def __call__(
        self,
        name: str,
        kids: Kids = (),
        *,
        point: Point | None = PARIS,
        zone: str | None = None,
        windows: Sequence[Window] = (),
    ) -> GuardianId: ...


def wait_for_a_lock(conn: Connection, unless: Callable[[], bool] = lambda: False) -> None:
    """Until somebody waits for what another has not committed, `unless` that has become needless."""
    for _ in range(2_000):
        waiting = conn.execute(
            "SELECT 1 FROM pg_stat_activity, pg_sleep(0.005) WHERE wait_event_type = 'Lock' LIMIT 1"
        ).fetchone()
        if waiting or unless():
            return
    raise AssertionError("nobody waits")


@pytest.fixture(autouse=True)
def documents(conn: Connection) -> int:
    """The knowledge base as it is shipped."""
    return load_documents(conn)


@pytest.fixture
def family(conn: Connection) -> MakeFamily:
    def make(
        name: str,
        kids: Kids = (),
        *,
        point: Point | None = PARIS,
        zone: str | None = None,
        windows: Sequence[Window] = (),
    ) -> GuardianId:
        account = accounts.create_guardian(
            conn, name=name, email=f"{name.lower()}@example.com", password_hash="x", role="guardian"
        )
        for kid, age, activity in kids:
            kid_store.add(conn, account.id, name=kid, age=age, favorite_activity=activity)
        if point:
            points.set_point(conn, account.id, point)
        if zone or windows:
            availability.put_calendar(conn, account.id, Calendar(zone or "Europe/Paris", tuple(windows)))
        return account.id

    return make


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The engine with recording queues, for whole batches."""
    made = Engine(database_url)
    yield made
    made.close()


@pytest.fixture
def befriend(conn: Connection) -> Callable[[GuardianId, GuardianId], None]:
    def make(one: GuardianId, other: GuardianId) -> None:
        friends.ask(conn, one, other)
        friends.answer(conn, other, one, State.ACCEPTED)

    return make


@pytest.fixture
def run(database_url: str) -> Callable[..., Ran]:
    """`run("friend.ask", {…}, owner=…)`: one attempt of one task."""

    def run_for(type: str, payload: dict[str, Any] | None = None, *, owner: int = 1, **around: Any) -> Ran:
        return partial(run_agent, database_url, package="playmate.agents")(type, payload, owner=str(owner), **around)

    return run_for


@pytest.fixture
def caller(anyone: Caller, services: Services) -> Callable[[int], Caller]:
    return lambda guardian: signed_in(anyone, services, str(guardian))


@pytest.fixture
def three(family: MakeFamily, befriend: Callable[..., None]) -> tuple[GuardianId, GuardianId, GuardianId]:
    """Amira with her friends Bruno and Chloe, who do not know each other."""
    amira = family("Amira", [("Lina", 6, "football")])
    bruno, chloe = family("Bruno", [("Zoe", 7, "football")]), family("Chloe", [("Noe", 6, "chess")])
    befriend(amira, bruno)
    befriend(amira, chloe)
    return amira, bruno, chloe
