"""Too many submits, too many bytes, too many tickets and too many new accounts are refused, and others' are not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from orchestrator.http import rate_limits
from orchestrator.http.app import Services
from orchestrator.http.rate_limits import Allowance
from orchestrator.store.connection import Connection
from tests.support.gateway import Caller

ECHO = {"type": "echo"}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Another container; the one of a test before has not counted for it."""
    for allowance in (rate_limits.SUBMITS, rate_limits.TICKETS):
        allowance.seen.clear()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything a test does, it does in the same second of the container's clock."""
    now = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now)


def counted(conn: Connection) -> int:
    row = conn.execute("SELECT count(*) AS n FROM rate_limits").fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.usefixtures("at_once")
def test_a_flood_of_submits_is_refused_and_others_are_not(
    ann: Caller, ben: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rate_limits, "SUBMITS", Allowance("submit", free=2, settled_at=100, bounds=((5, 100.0), (9, 1.0)))
    )
    answers = [ann.post("/api/tasks", ECHO) for _ in range(7)]
    assert [answer.status for answer in answers] == [202] * 5 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 100
    assert ben.post("/api/tasks", ECHO).status == 202


def test_a_person_s_submits_cost_no_statement(ann: Caller, conn: Connection) -> None:
    for _ in range(5):
        assert ann.post("/api/tasks", ECHO).status == 202
    assert counted(conn) == 0


def test_in_the_long_run_all_are_counted(ann: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slowly, too, one could fill a disk."""
    slow = Allowance("submit", free=10, settled_at=4, bounds=((2_000, 0.01), (8, 10_000.0)))
    monkeypatch.setattr(rate_limits, "SUBMITS", slow)
    seconds = iter(range(1_000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(seconds)))
    statuses = [ann.post("/api/tasks", ECHO).status for _ in range(12)]
    assert statuses == [202] * 11 + [429]


@pytest.mark.usefixtures("at_once")
def test_an_account_cannot_fill_the_disk_with_few_large_submits(
    ann: Caller, ben: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stored bytes count: a body of 200 KB is as much as fifty small ones."""
    monkeypatch.setattr(rate_limits, "SUBMITS", Allowance("submit", free=10, settled_at=100, bounds=((200, 1.0),)))
    large = {"type": "echo", "payload": {"text": "x" * 200_000}}
    assert [ann.post("/api/tasks", large).status for _ in range(5)] == [202] * 4 + [429]
    assert ben.post("/api/tasks", large).status == 202


@pytest.mark.usefixtures("at_once")
def test_routes_that_submit_by_themselves_are_counted_alike(ann: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "SUBMITS", Allowance("submit", free=0, settled_at=100, bounds=((2, 100.0),)))
    statuses = [ann.post("/api/friends/ask", {"friendname": "Ben"}).status for _ in range(3)]
    assert statuses == [202, 202, 429]


@pytest.mark.usefixtures("at_once")
def test_a_flood_of_tickets_is_refused(ann: Caller, ben: Caller, conn: Connection) -> None:
    assert ann.post("/api/realtime/ticket").status == 200
    assert counted(conn) == 0, "the ticket of a page that is opened costs no statement more"
    statuses = [ann.post("/api/realtime/ticket").status for _ in range(65)]
    assert statuses[:59] == [200] * 59
    assert statuses[-1] == 429
    assert ben.post("/api/realtime/ticket").status == 200


def test_new_accounts_are_limited_by_client_address(anyone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "ADDRESS_BURST", 2)
    monkeypatch.setattr(rate_limits, "ADDRESS_GAP", 100.0)
    statuses = [anyone.post("/auth/signup", {"name": "x"}).status for _ in range(3)]
    assert statuses == [400, 400, 429]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("no address", "no address", True),
    ],
)
def test_an_ipv6_household_is_one_client_address(one: str, other: str, same: bool) -> None:
    def client_address(address: str) -> str:
        event: Any = {"requestContext": {"http": {"sourceIp": address}}}
        return rate_limits.client_address(event)

    assert (client_address(one) == client_address(other)) is same


def test_no_owner_is_kept_where_it_is_counted(
    ann: Caller, services: Services, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "SUBMITS", Allowance("submit", free=0, settled_at=1, bounds=((9, 1.0),)))
    assert ann.post("/api/tasks", ECHO).status == 202
    (row,) = conn.execute("SELECT key FROM rate_limits").fetchall()
    assert row["key"] == services.tokens.digest("submit", "1.0", "1")


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/tasks", {"type": "echo", "unknown": 1}),
        ("POST", "/api/kids", {"name": ""}),
        ("PUT", "/api/availability", {"windows": 1}),
        ("POST", "/api/friends/ask", {"friendname": "x" * 100_000}),
        ("POST", "/api/tasks", "no object"),
    ],
)
def test_refused_requests_count(
    ann: Caller, ben: Caller, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: object
) -> None:
    monkeypatch.setattr(rate_limits, "SUBMITS", Allowance("submit", free=0, settled_at=100, bounds=((50, 100.0),)))
    statuses = [ann.send(method, path, data=body).status for _ in range(51)]
    assert set(statuses) == {400, 429}
    assert statuses[-1] == 429
    assert ben.post("/api/tasks", ECHO).status == 202


def test_refused_sign_ins_count_by_address(anyone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "ADDRESS_BURST", 2)
    monkeypatch.setattr(rate_limits, "ADDRESS_GAP", 100.0)
    statuses = [anyone.post("/auth/login", {"identifier": "x" * 1_000, "password": "y"}).status for _ in range(3)]
    assert statuses == [400, 400, 429]
