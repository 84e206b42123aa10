"""Too many sign-ins or submits are refused, and nobody can be shut out by somebody else."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from orchestrator.edge import limits
from orchestrator.edge.http import Services
from orchestrator.store.db import Connection, Database
from playmate.passwords import hash_password
from playmate.store import accounts
from tests.gateway import Answer, Caller, LambdaContext, http_event

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    limits._free.clear()
    yield
    limits._free.clear()


@pytest.fixture
def ann_s_account(db: Database) -> None:
    db.run(accounts.create_guardian, name="ann", email="ann@example.com", password_hash=HASH, role="guardian")


def sign_in(anyone: Caller, name: str, password: str, place: str = "203.0.113.9") -> Answer:
    event = http_event("POST", "/auth/login", body=json.dumps({"identifier": name, "password": password}))
    event["requestContext"]["http"]["sourceIp"] = place
    raw = anyone.app.resolve(event, LambdaContext())  # type: ignore[arg-type] # has what we use of it
    return Answer(raw["statusCode"], raw["headers"], raw.get("cookies", []), raw["body"])


def move_clock(db: Database, seconds: int) -> None:
    db.connection().execute(
        "SELECT set_config('orchestrator.now', (now() + make_interval(secs => %s))::text, false)", (seconds,)
    )


@pytest.mark.usefixtures("ann_s_account")
def test_guessing_is_slowed_down_and_the_right_password_soon_works_again(anyone: Caller, api_db: Database) -> None:
    move_clock(api_db, 0)
    statuses = [sign_in(anyone, "ann", "wrong").status for _ in range(limits.PAIR_BURST + 3)]
    assert statuses == [401] * limits.PAIR_BURST + [429] * 3
    refused = sign_in(anyone, "ann", PASSWORD)
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= limits.PAIR_GAP
    move_clock(api_db, 60)
    assert sign_in(anyone, "ann", PASSWORD).status == 200


@pytest.mark.usefixtures("ann_s_account")
def test_names_that_do_not_exist_are_slowed_down_alike(anyone: Caller, api_db: Database) -> None:
    move_clock(api_db, 0)
    statuses = [sign_in(anyone, "nobody", "wrong").status for _ in range(limits.PAIR_BURST + 1)]
    assert statuses == [401] * limits.PAIR_BURST + [429]


@pytest.mark.usefixtures("ann_s_account")
def test_an_attack_from_everywhere_does_not_shut_the_owner_out(
    anyone: Caller, api_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NAME_BURST", 8)
    move_clock(api_db, 0)
    assert sign_in(anyone, "ann", PASSWORD, "198.51.100.1").status == 200
    attack = [sign_in(anyone, "ann", "wrong", f"192.0.2.{number}").status for number in range(12)]
    assert attack[-1] == 429, "one name is not tried without end from ever new places"
    assert sign_in(anyone, "ANN", PASSWORD, "198.51.100.1").status == 200
    assert sign_in(anyone, "ann", PASSWORD, "192.0.2.99").status == 429


@pytest.mark.usefixtures("ann_s_account")
def test_a_place_that_tries_many_names_is_slowed_down(
    anyone: Caller, api_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PLACE_BURST", 5)
    move_clock(api_db, 0)
    assert [sign_in(anyone, f"name{number}", "wrong").status for number in range(6)] == [401] * 5 + [429]


@pytest.mark.usefixtures("ann_s_account")
def test_a_right_password_forgets_the_wrong_ones(anyone: Caller, api_db: Database) -> None:
    move_clock(api_db, 0)
    for _ in range(3):
        for _ in range(limits.PAIR_BURST - 1):
            assert sign_in(anyone, "ann", "wrong").status == 401
        assert sign_in(anyone, "ann", PASSWORD).status == 200


def test_no_name_and_no_address_is_kept(anyone: Caller, conn: Connection) -> None:
    sign_in(anyone, "ann@example.com", "wrong", "198.51.100.77")
    kept = json.dumps([row["key"] for row in conn.execute("SELECT key FROM rate_limits").fetchall()])
    assert "ann" not in kept
    assert "198.51" not in kept


def test_a_flood_of_submits_is_refused_and_others_are_not(
    ann: Caller, ben: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SUBMIT_BURST", 3)
    monkeypatch.setattr(limits, "SUBMIT_RATE", 0.01)
    monkeypatch.setattr(limits, "FREE_PER_SECOND", 2)
    monkeypatch.setattr("time.monotonic", lambda: 1_000.0)
    statuses = [ann.post("/api/tasks", {"type": "echo"}).status for _ in range(7)]
    assert statuses == [202] * 5 + [429] * 2
    assert ben.post("/api/tasks", {"type": "echo"}).status == 202


def test_a_person_s_submits_cost_no_statement(ann: Caller, services: Services, conn: Connection) -> None:
    for _ in range(5):
        assert ann.post("/api/tasks", {"type": "echo"}).status == 202
    kept = conn.execute("SELECT count(*) AS n FROM rate_limits").fetchone()
    assert kept == {"n": 0}


def test_new_accounts_are_limited_by_place(anyone: Caller, api_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGNUP_BURST", 2)
    move_clock(api_db, 0)
    statuses = [anyone.post("/auth/signup", {"name": "x"}).status for _ in range(3)]
    assert statuses == [400, 400, 429]
