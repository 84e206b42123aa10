"""The password of a login is rotated in Secrets Manager's steps, under load, and nobody notices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from orchestrator import bootstrap
from orchestrator.aws.clients import CloudError
from orchestrator.aws.secrets import Secrets
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model import fault_injection
from orchestrator.model.fault_injection import Point
from orchestrator.store.connection import Database
from tests.faults.lab import Lab
from tests.support.database_users import STEPS, Login, aws, drop, login_for, settle
from tests.support.engine import message_for
from tests.support.queues import RecordingQueue


@pytest.fixture
def login(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    """The login of this process, which submits tasks and runs them."""
    with aws():
        made = login_for(lab.url)
        owner = lab.wire.connection
        made.make(owner, "worker")
        owner.execute(f"GRANT orchestrator_api TO {made.name}".encode())
        owner.execute(f"GRANT ALL ON ledger TO {made.name}".encode())
        settle(monkeypatch, made)
        yield made
        drop(made)


class Load:
    """Containers that submit a task and run it, over and over: `cold` ones connect anew for each."""

    def __init__(self, lab: Lab, *, cold: int, warm: int) -> None:
        self.lab = lab
        self.failures: list[BaseException] = []
        self._rounds = [0] * (cold + warm)
        self._changed = threading.Condition()
        self._over = False
        self._threads = [
            threading.Thread(target=self._live, args=(number, number < cold)) for number in range(cold + warm)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        for thread in self._threads:
            thread.join()

    def go_on(self, rounds: int) -> None:
        """Until each container has done so many more tasks."""
        wanted = [done + rounds for done in self._rounds]

        def done() -> bool:
            return bool(self.failures) or all(now >= want for now, want in zip(self._rounds, wanted, strict=True))

        with self._changed:
            assert self._changed.wait_for(done, 60), f"stuck at {self._rounds}"
        assert self.failures == []

    def _live(self, number: int, cold: bool) -> None:
        databases = [Database(bootstrap.open_connection) for _ in range(3)]
        try:
            while not self._over and not self.failures:
                self._round(databases)
                if cold:
                    close(databases)
                with self._changed:
                    self._rounds[number] += 1
                    self._changed.notify_all()
        except BaseException as failure:
            with self._changed:
                self.failures.append(failure)
                self._changed.notify_all()
        finally:
            close(databases)

    def _round(self, databases: list[Database]) -> None:
        api, work, side = databases
        order = TaskRequest(owner="1", type="test.effect", payload={}, by_user=False)
        task = submit(api, RecordingQueue(), self.lab.engine.agents, order).task
        worker = self.lab.engine.new_worker()
        worker.db, worker.side = work, side
        assert run_batch(worker, [message_for(task.id)], lambda: 60.0) == []


def close(databases: list[Database]) -> None:
    for database in databases:
        database.close()


def test_two_rotations_under_load_fail_nothing(lab: Lab, login: Login) -> None:
    """Each step twice, and time enough after each for many connections to be opened."""
    passwords = [login.secret()["password"]]
    with Load(lab, cold=2, warm=1) as load:
        load.go_on(2)
        for _ in range(2):
            version = str(uuid4())
            for step in STEPS:
                for _ in range(2):
                    login.rotate(version, step)
                    load.go_on(2)
            passwords.append(login.secret()["password"])
    lab.check()
    assert len(set(passwords)) == 3
    assert_opens(login, passwords[-1])
    for password in passwords[:-1]:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            assert_opens(login, password)


def test_a_rotation_that_stands_still_after_its_second_step_fails_nothing(lab: Lab, login: Login) -> None:
    """The current password is wrong then, for as long as it takes."""
    version = str(uuid4())
    with Load(lab, cold=3, warm=0) as load:
        load.go_on(1)
        login.rotate(version, "createSecret", "setSecret")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            assert_opens(login, login.secret()["password"])
        load.go_on(20)
        login.rotate(version, "testSecret", "finishSecret")
        load.go_on(2)
    lab.check()


@pytest.mark.parametrize("last", STEPS)
def test_a_worker_that_loses_its_connection_during_a_rotation_finds_in_again(lab: Lab, login: Login, last: str) -> None:
    """In the middle of a handler: its attempt is given back at no cost, and is run again."""
    worker = lab.engine.new_worker()
    worker.db, worker.side = (Database(bootstrap.open_connection) for _ in range(2))
    task, version = lab.engine.submit(max_attempts=1), str(uuid4())

    def rotate() -> None:
        login.rotate(version, *STEPS[: STEPS.index(last) + 1])
        pid = worker.db.connection().info.backend_pid
        lab.wire.connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    with at("run.handled", rotate):
        lab.engine.run(task.id, worker=worker)
    assert lab.engine.run(task.id, worker=worker) == []
    lab.check()
    assert lab.engine.task(task.id).attempts == 1
    close([worker.db, worker.side])


def test_a_rotation_that_ends_while_a_connection_is_being_opened_fails_nothing(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current password was read too early, the pending one too late."""
    version = str(uuid4())
    bootstrap.open_connection().close()
    login.rotate(version, *STEPS[:-1])

    def too_late(_: Secrets, arn: str) -> None:
        login.rotate(version, "finishSecret")

    monkeypatch.setattr(Secrets, "pending", too_late)
    bootstrap.open_connection().close()


def test_a_secret_changed_all_at_once_is_found(lab: Lab, login: Login) -> None:
    """As RDS rotates its own, or as a deploy repairs a login."""
    bootstrap.open_connection().close()
    login.put(password="another")
    login.make(lab.wire.connection, "worker")
    bootstrap.open_connection().close()


def test_a_server_that_is_away_is_no_reason_to_ask_for_passwords(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap.open_connection().close()
    monkeypatch.setenv("DATABASE_PORT", "1")
    bootstrap.settings.cache_clear()

    def asked(*_: Any, **__: Any) -> None:
        raise CloudError("secretsmanager", "get_secret_value", "asked")

    monkeypatch.setattr("orchestrator.aws.secrets.call", asked)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        bootstrap.open_connection()


def test_a_password_that_nobody_knows_is_the_server_s_refusal(login: Login, caplog: pytest.LogCaptureFixture) -> None:
    bootstrap.open_connection().close()
    login.put(password="unheard of")
    bootstrap.secrets.cache_clear()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        bootstrap.open_connection()
    assert [record.message for record in caplog.records] == ["database login refused"]


def assert_opens(login: Login, password: str) -> None:
    bootstrap.log_in({"username": login.name, "password": password}).close()


@contextmanager
def at(point: Point, action: Callable[[], None]) -> Iterator[None]:
    """Does something the first time this process is at a point."""
    waiting = [action]

    def reached(where: Point) -> None:
        if where == point and waiting:
            waiting.pop()()

    fault_injection.arm(reached)
    yield
    fault_injection.arm(None)
    assert not waiting, f"{point} was never reached"
