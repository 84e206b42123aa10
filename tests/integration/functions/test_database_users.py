"""Migrations and logins as on RDS: the master is no superuser, two stacks share a server, every statement is logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import psycopg
import pytest

from functions.migrate import app as migrate
from orchestrator import bootstrap
from orchestrator.entrypoints.lambda_handler import InvocationFailed
from orchestrator.settings import PARTS
from orchestrator.store.connection import Connection, connect
from orchestrator.store.database_users import TooFewConnections, share
from tests.support import postgres
from tests.support.database_users import STEPS, Login, address_of, aws, forget_everything, login_for
from tests.support.gateway import LambdaContext
from tools.local_stack import postgres as embedded
from tools.local_stack.stack_config import Layout

CONTEXT = cast("Any", LambdaContext())
MASTER = {"username": "master", "password": "of the server"}


@pytest.fixture(scope="module")
def server() -> Iterator[Layout]:
    with postgres.server() as layout:
        with connect(postgres.url_of(layout, "postgres")) as superuser:
            for owner in ("master", "second_owner"):
                superuser.execute(f"CREATE ROLE {owner} LOGIN CREATEROLE CREATEDB PASSWORD 'of the server'".encode())
            superuser.execute("ALTER SYSTEM SET log_statement = 'all'")
            superuser.execute("ALTER SYSTEM SET log_parameter_max_length = -1")
            superuser.execute("SELECT pg_reload_conf()")
        yield layout


class Deployed:
    """A stack's database and logins, as its migrate function meets them."""

    def __init__(self, server: Layout, monkeypatch: pytest.MonkeyPatch, owner: str = "master") -> None:
        self.monkeypatch = monkeypatch
        self.url = postgres.url_of(server, f"stack_{uuid4().hex[:8]}")
        name = self.url.rsplit("/", 1)[1]
        with connect(postgres.url_of(server, "postgres"), user=owner, password=MASTER["password"]) as master:
            master.execute(f"CREATE DATABASE {name}".encode())
        self.master = login_for(self.url, "master")
        self.master.put(**{**MASTER, "username": owner})
        self.logins = {part: login_for(self.url, f"{name}_{part}") for part in PARTS}

    def settle(self) -> None:
        forget_everything()
        logins = ",".join(f"{part}={login.arn}" for part, login in self.logins.items())
        event = {
            "APPLICATION": "playmate",
            **address_of(self.url),
            "DATABASE_SECRET_ARN": self.master.arn,
            "DATABASE_LOGINS": logins,
        }
        for name, value in event.items():
            self.monkeypatch.setenv(name, value)

    def migrate(self, phase: str) -> dict[str, Any]:
        self.settle()
        answer = migrate.handler({"phase": phase}, CONTEXT)
        bootstrap.database().close()
        return answer

    def opens(self, login: Login) -> bool:
        try:
            bootstrap.log_in(login.secret()).close()
        except psycopg.OperationalError:
            return False
        return True


@pytest.fixture
def stacks(server: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Deployed, Deployed]]:
    with aws():
        yield Deployed(server, monkeypatch), Deployed(server, monkeypatch)


def test_each_stack_s_logins_are_made_by_its_deploy_and_are_at_home_there_alone(
    stacks: tuple[Deployed, Deployed],
) -> None:
    for stack in stacks:
        answer = stack.migrate("pre")
        assert answer["applied"]
        assert answer["logins"] == [login.name for login in stack.logins.values()]
        assert stack.migrate("post")["logins"] == []
    for stack, other in (stacks, stacks[::-1]):
        stack.settle()
        assert all(stack.opens(login) for login in stack.logins.values())
        assert not any(stack.opens(login) for login in other.logins.values())


def test_a_second_owner_migrates_a_database_of_the_same_server(
    server: Layout, stacks: tuple[Deployed, Deployed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The roles of the server belong to the owner who migrated first."""
    first, _ = stacks
    first.migrate("pre")
    second = Deployed(server, monkeypatch, owner="second_owner")
    with pytest.raises(InvocationFailed, match="InsufficientPrivilege"):
        second.migrate("pre")
    first.settle()
    assert migrate.handler({"databaseOwner": "second_owner"}, CONTEXT) == {"admitted": "second_owner"}
    bootstrap.database().close()
    assert second.migrate("pre")["logins"] == [login.name for login in second.logins.values()]
    second.migrate("post")
    assert all(second.opens(login) for login in second.logins.values())
    first.migrate("post")
    assert all(first.opens(login) for login in first.logins.values())


def test_nobody_logs_in_without_tls_but_on_a_laptop(stacks: tuple[Deployed, Deployed]) -> None:
    """The server here has none: elsewhere that is the end of it, before any password is sent."""
    stack = stacks[0]
    stack.migrate("pre")
    for environment in ("staging", "prod"):
        stack.monkeypatch.setenv("ENVIRONMENT", environment)
        stack.settle()
        with pytest.raises(psycopg.OperationalError, match="server does not support SSL"):
            bootstrap.log_in(stack.logins["api"].secret())
    stack.monkeypatch.setenv("ENVIRONMENT", "local")
    stack.settle()
    assert stack.opens(stack.logins["api"])


def test_no_login_keeps_tables_of_its_own(stacks: tuple[Deployed, Deployed]) -> None:
    stack = stacks[0]
    stack.migrate("pre")
    stack.migrate("post")
    stack.settle()
    for login in stack.logins.values():
        with bootstrap.log_in(login.secret()) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("CREATE TEMPORARY TABLE aside (x int)")


def test_no_password_is_ever_in_the_server_s_log(server: Layout, stacks: tuple[Deployed, Deployed]) -> None:
    """Neither a deploy nor a rotation sends one; the server keeps every statement with its parameters here."""
    stack = stacks[0]
    stack.migrate("pre")
    seen = [login.secret()["password"] for login in stack.logins.values()]
    for login in stack.logins.values():
        login.rotate(str(uuid4()), *STEPS)
        assert stack.opens(login)
        seen.append(login.secret()["password"])
    log = embedded.program(server).log.read_text()
    assert "change_own_password" in log
    assert "set_login_password" in log
    assert "SCRAM-SHA-256" in log
    assert [password for password in seen if password in log] == []


def test_a_burst_of_one_login_leaves_connections_for_the_others(
    stacks: tuple[Deployed, Deployed], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, _ = stacks
    for name, value in {"DATABASE_CONNECTIONS": 60, "WORKER_CONCURRENCY": 3, "PUSH_CONCURRENCY": 2}.items():
        monkeypatch.setenv(name, str(value))
    stack.migrate("pre")
    stack.settle()
    api = stack.logins["api"].secret()
    opened: list[Connection] = []
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            open_many(api, opened)
        assert len(opened) == share(60, workers=3, pushes=2)["api"] == 13
        assert all(stack.opens(login) for part, login in stack.logins.items() if part != "api")
        row = opened[0].execute("SHOW idle_session_timeout").fetchone()
        assert row == {"idle_session_timeout": "10min"}
    finally:
        for connection in opened:
            connection.close()


def open_many(secret: dict[str, Any], opened: list[Connection]) -> None:
    """Open 60 connections; `opened` has those that Postgres granted."""
    while len(opened) < 60:
        opened.append(bootstrap.log_in(secret))


def test_too_few_connections_stop_the_deploy(
    stacks: tuple[Deployed, Deployed], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, _ = stacks
    for name, value in {"DATABASE_CONNECTIONS": 80, "WORKER_CONCURRENCY": 20, "PUSH_CONCURRENCY": 10}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(TooFewConnections, match="WorkerConcurrency=20"):
        stack.migrate("pre")
    bootstrap.database().close()


def test_a_session_that_the_server_has_ended_is_replaced_before_its_use(
    stacks: tuple[Deployed, Deployed], server: Layout
) -> None:
    """A transaction is not tried again, so that it must not begin on such a session."""
    stack, _ = stacks
    stack.migrate("pre")
    stack.settle()
    database = bootstrap.database()
    first = database.connection().info.backend_pid
    with connect(postgres.url_of(server, "postgres")) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (first,))
    with database.transaction() as conn:
        assert conn.info.backend_pid != first
    database.close()
