"""Guesses at an account are slowed down, and its owner can always sign in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import pytest

from orchestrator.aws import secrets as secrets_module
from orchestrator.aws.token_key_rotation import rotated
from orchestrator.http import login_throttling
from orchestrator.http import rate_limits as http_limits
from orchestrator.http.app import Services
from orchestrator.http.login_throttling import FIRST_BURST, FIRST_TRIES, FURTHER_BURST, SOURCE
from orchestrator.store import rate_limits
from orchestrator.store.connection import Connection, Database
from orchestrator.store.rate_limits import Bucket
from playmate import passwords
from playmate.store import accounts
from tests.support.gateway import Answer, Caller, LambdaContext, http_event
from tests.support.postgres import connect_as

PASSWORD = "correct horse battery"
HASH = passwords.hash_password(PASSWORD)
HOME, CAFE = "198.51.100.1", "203.0.113.9"
FIRST_STEP = int(SOURCE[0][0])


@dataclass
class Browser:
    """A browser at a client address, with the cookies that responses have set."""

    anyone: Caller
    address: str = CAFE
    cookies: dict[str, str] = field(default_factory=dict)

    def sign_in(self, password: str, name: str = "ann") -> int:
        return self.post("/auth/login", {"identifier": name, "password": password}).status

    def post(self, path: str, body: Mapping[str, str]) -> Answer:
        cookies = [f"{name}={value}" for name, value in self.cookies.items()]
        event = http_event("POST", path, body=json.dumps(body), cookies=cookies)
        event["requestContext"]["http"]["sourceIp"] = self.address
        raw = self.anyone.app.resolve(event, LambdaContext())  # type: ignore[arg-type] # has what we use of it
        for cookie in raw.get("cookies", []):
            self.cookies.update({name: one.value for name, one in SimpleCookie(cookie).items()})
        return Answer(raw["statusCode"], raw["headers"], raw.get("cookies", []), raw["body"])


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test measures the cost of argon2; here there are thousands of guesses."""
    monkeypatch.setattr(
        "playmate.routes.auth.password_matches", lambda stored, given: bool(stored) and given == PASSWORD
    )


@pytest.fixture(autouse=True)
def ann(db: Database) -> str:
    made = db.run(accounts.create_guardian, name="ann", email="ann@example.com", password_hash=HASH, role="guardian")
    return str(made.id)


@pytest.fixture(autouse=True)
def _standing_clock(api_db: Database) -> None:
    move_clock(api_db, 0)


@pytest.fixture
def home(anyone: Caller) -> Browser:
    """Ann's, where she has signed in."""
    browser = Browser(anyone, HOME)
    assert browser.sign_in(PASSWORD) == 200
    return browser


def move_clock(db: Database, seconds: float) -> None:
    db.connection().execute(
        "SELECT set_config('orchestrator.now', (now() + make_interval(secs => %s))::text, false)", (seconds,)
    )


def attack(anyone: Caller, tries: int, *addresses: str, name: str = "ann") -> list[int]:
    return [Browser(anyone, address).sign_in("wrong", name) for address in addresses for _ in range(tries)]


def everywhere(count: int) -> list[str]:
    return [f"192.0.{number // 250}.{number % 250}" for number in range(count)]


class TestGuessing:
    def test_it_is_slowed_down_and_the_right_password_soon_works_again(self, anyone: Caller, api_db: Database) -> None:
        browser = Browser(anyone)
        statuses = [browser.sign_in("wrong") for _ in range(FIRST_STEP + 3)]
        assert statuses == [401] * FIRST_STEP + [429] * 3
        refused = browser.post("/auth/login", {"identifier": "ann", "password": PASSWORD})
        assert refused.status == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= SOURCE[0][1]
        move_clock(api_db, 60)
        assert browser.sign_in(PASSWORD) == 200

    def test_the_longer_it_goes_on_the_longer_are_the_waits(self, anyone: Caller, api_db: Database) -> None:
        browser, day, waits, tries = Browser(anyone), 0.0, [], 0
        while day < 86_400:
            answer = browser.post("/auth/login", {"identifier": "ann", "password": "wrong"})
            tries += answer.status == 401
            if answer.status == 429:
                waits.append(int(answer.headers["Retry-After"]))
                day += waits[-1]
                move_clock(api_db, day)
        assert waits[0] <= SOURCE[0][1]
        assert waits[-1] > SOURCE[-1][1] - 10
        assert tries < 200

    def test_names_that_do_not_exist_are_slowed_down_alike(self, anyone: Caller) -> None:
        assert attack(anyone, FIRST_STEP + 1, CAFE, name="nobody") == [401] * FIRST_STEP + [429]

    def test_an_account_s_name_and_address_in_any_case_are_one(self, anyone: Caller) -> None:
        browser, names = Browser(anyone), ("ann", "ANN", "ann@example.com", "Ann@Example.COM", " ann ")
        statuses = [browser.sign_in("wrong", names[number % 5]) for number in range(FIRST_STEP + 1)]
        assert statuses == [401] * FIRST_STEP + [429]

    def test_a_client_address_that_tries_many_names_is_slowed_down(
        self, anyone: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http_limits, "ADDRESS_BURST", 5)
        browser = Browser(anyone)
        assert [browser.sign_in("wrong", f"name{number}") for number in range(6)] == [401] * 5 + [429]

    def test_a_right_password_forgets_the_wrong_ones(self, anyone: Caller) -> None:
        browser = Browser(anyone)
        for _ in range(3):
            assert [browser.sign_in("wrong") for _ in range(FIRST_STEP - 1)] == [401] * (FIRST_STEP - 1)
            assert browser.sign_in(PASSWORD) == 200

    def test_from_everywhere_together_it_is_bounded(self, anyone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(login_throttling, "FIRST_BURST", 40)
        monkeypatch.setattr(login_throttling, "FURTHER_BURST", 8)
        statuses = attack(anyone, FIRST_STEP, *everywhere(20))
        assert statuses.count(401) == 40
        assert set(statuses) == {401, 429}


class TestShuttingOut:
    """The requests that a stranger can send with Ann's name."""

    def test_one_client_address_takes_nothing_from_another(self, anyone: Caller) -> None:
        """Refused requests use up nothing of others, however many there are."""
        attack(anyone, 60, CAFE)
        assert Browser(anyone, HOME).sign_in("wrong") == 401
        assert Browser(anyone, HOME).sign_in(PASSWORD) == 200

    def test_nor_do_a_hundred(self, anyone: Caller) -> None:
        statuses = attack(anyone, FIRST_STEP, *everywhere(100))
        assert 100 * FIRST_TRIES <= statuses.count(401) <= 100 * FIRST_TRIES + FURTHER_BURST
        assert FIRST_BURST > 100 * FIRST_TRIES
        fresh = Browser(anyone, HOME)
        assert [fresh.sign_in(each) for each in ("wrong", "wrong", PASSWORD)] == [401, 401, 200]

    def test_a_known_client_address_is_not_counted_with_unknown_ones(
        self, anyone: Caller, home: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(login_throttling, "FIRST_BURST", 8)
        monkeypatch.setattr(login_throttling, "FURTHER_BURST", 8)
        assert attack(anyone, 3, *everywhere(20))[-1] == 429
        assert Browser(anyone, HOME).sign_in(PASSWORD, "ANN") == 200, "also without a cookie"

    def test_nor_is_her_browser_wherever_she_takes_it(
        self, anyone: Caller, home: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(login_throttling, "FIRST_BURST", 8)
        attack(anyone, 3, *everywhere(20))
        home.address = "192.0.2.200"
        assert [home.sign_in(each) for each in ("wrong", "wrong", "wrong", "wrong", PASSWORD)] == [401] * 4 + [200]

    def test_nor_with_her_neighbours_behind_one_address(
        self, anyone: Caller, home: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http_limits, "ADDRESS_BURST", 15)
        attack(anyone, 60, HOME)
        attack(anyone, 30, HOME, name="nobody")
        assert Browser(anyone, HOME).sign_in(PASSWORD) == 429
        assert home.sign_in(PASSWORD) == 200

    def test_a_new_account_is_known_at_once(self, anyone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        browser = Browser(anyone, HOME)
        body = {"name": "dora", "email": "dora@example.com", "password": PASSWORD}
        assert browser.post("/auth/signup", body).status == 201
        monkeypatch.setattr(login_throttling, "FIRST_BURST", 2)
        attack(anyone, 3, *everywhere(5), name="dora")
        assert Browser(anyone, HOME).sign_in(PASSWORD, "dora") == 200
        browser.address = CAFE
        assert browser.sign_in(PASSWORD, "dora@example.com") == 200

    def test_her_browser_is_known_after_a_crash_of_the_database_and_a_rotation(
        self, anyone: Caller, home: Browser, conn: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An unlogged table is empty after a crash."""
        conn.execute("TRUNCATE rate_limits")
        secret: dict[str, Any] = {"current": "k", "k": "A" * 64}
        for month in range(3):
            secret = rotated(secret, now=month * 30 * 86_400.0, token_life=1_200.0)
        monkeypatch.setattr(secrets_module, "_read", lambda _: secret)
        monkeypatch.setattr(login_throttling, "FIRST_BURST", 1)
        attack(anyone, 3, *everywhere(5))
        home.address = CAFE
        assert home.sign_in(PASSWORD) == 200


class TestCookie:
    def test_it_is_no_script_s_and_no_other_page_s(self, anyone: Caller) -> None:
        answer = Browser(anyone).post("/auth/login", {"identifier": "ann", "password": PASSWORD})
        session, device = answer.cookies
        assert session.startswith("SessionID=")
        for attribute in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/auth", f"Max-Age={30 * 86_400}"):
            assert attribute in device

    def test_it_signs_nobody_in(self, anyone: Caller, home: Browser) -> None:
        home.cookies.pop("SessionID")
        cookies = [f"{name}={value}" for name, value in home.cookies.items()]
        assert anyone.get("/api/tasks", cookies=cookies).status == 401

    @pytest.mark.parametrize("change", ["account", "device", "until", "seal", "garbage", "surrogate", "old"])
    def test_a_key_of_another_form_is_none(
        self, anyone: Caller, home: Browser, monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        (name,) = (name for name in home.cookies if name.startswith("Device-"))
        device, until, seal = home.cookies[name].split(".")
        forged = {
            "device": f"{'0' * 16}.{until}.{seal}",
            "until": f"{device}.{int(until) + 1}.{seal}",
            "seal": f"{device}.{until}.{'0' * 32}",
            "garbage": "x",
            "surrogate": f"{device}.{until}.\udc00",
        }
        stranger = Browser(anyone, CAFE, {name: forged.get(change, home.cookies[name])})
        monkeypatch.setattr(login_throttling, "FIRST_BURST", 0.5)
        if change == "old":
            monkeypatch.setattr("time.time", lambda: float(until) + 1)
        name_ = "nobody" if change == "account" else "ann"
        assert stranger.sign_in("wrong", name_) == 429

    def test_the_device_cookie_allows_no_faster_guesses(self, anyone: Caller, home: Browser) -> None:
        statuses = [home.sign_in("wrong") for _ in range(FIRST_STEP + 2)]
        assert statuses == [401] * FIRST_STEP + [429] * 2

    def test_accounts_of_one_browser_are_known_beside_each_other(self, anyone: Caller, db: Database) -> None:
        db.run(accounts.create_guardian, name="ben", email="ben@example.com", password_hash=HASH, role="guardian")
        browser = Browser(anyone)
        assert [browser.sign_in(PASSWORD, name) for name in ("ann", "ben", "ann")] == [200] * 3
        assert len([name for name in browser.cookies if name.startswith("Device-")]) == 2


class TestBuckets:
    """All or nothing, also for requests at the same moment."""

    def test_a_refused_sign_in_takes_nothing(self, conn: Connection) -> None:
        full, free = Bucket("full", 1, 100.0), Bucket("free", 5, 100.0)
        assert rate_limits.take(conn, [full]).wait is None
        for _ in range(10):
            wait = rate_limits.take(conn, [full, free]).wait
            assert wait == pytest.approx(100.0, abs=1.0)
        taken = rate_limits.take(conn, [free])
        assert taken.wait is None
        assert taken.levels == {"free": pytest.approx(100.0, abs=1.0)}

    def test_at_the_same_moment_no_more_is_taken_than_there_is(self, database_url: str) -> None:
        def come(times: int) -> int:
            database = connect_as(database_url, "api")
            taken = [database.run(rate_limits.take, [Bucket("b", 5, 1_000.0)]) for _ in range(times)]
            database.close()
            return sum(each.wait is None for each in taken)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(come, [5] * 8)) == 5


def test_neither_names_nor_addresses_are_stored_nor_can_they_be_guessed_from_the_rows(
    anyone: Caller, home: Browser, conn: Connection, ann: str
) -> None:
    """A digest without a key is no secret: all addresses there are can be tried in an hour."""
    attack(anyone, 2, CAFE, name="eve@example.com")
    kept = {row["key"] for row in conn.execute("SELECT key FROM rate_limits").fetchall()}
    secrets_ = ("ann", "eve@example.com", "none eve@example.com", ann, HOME, CAFE)
    plain = {
        "\x00".join(parts) for one in secrets_ for other in secrets_ for parts in ((one,), ("place", one), (one, other))
    }
    assert kept.isdisjoint(hashlib.sha256(text.encode()).hexdigest()[:32] for text in plain)
    assert not any(word in key for word in ("eve", HOME, CAFE) for key in kept)


def test_without_keys_nobody_signs_in(anyone: Caller, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets_module, "_read", lambda _: {"current": "k"})
    assert Browser(anyone).sign_in(PASSWORD) == 503
