"""The database is cut off, restarted, given a new password, and picks victims of deadlocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import Popen
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from local import postgres as server
from local.layout import Layout
from orchestrator.model import faultpoints
from orchestrator.model.errors import Unavailable
from orchestrator.model.faultpoints import Point
from orchestrator.model.task import Status
from orchestrator.store.db import Connection, Database, connect
from tests import postgres
from tests.engine import Engine
from tests.faults.lab import Lab
from tests.faults.wire import Wire


@contextmanager
def at(point: Point, action: Callable[[], None]) -> Iterator[None]:
    """Does something the first time this process is at a point."""
    waiting = [action]

    def reached(where: Point) -> None:
        if where == point and waiting:
            waiting.pop()()

    faultpoints.arm(reached)
    yield
    faultpoints.arm(None)
    assert not waiting, f"{point} was never reached"


def cut(lab: Lab, *databases: Database) -> None:
    for database in databases:
        pid = database.connection().info.backend_pid
        lab.wire.connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.parametrize("point", ["run.claimed", "run.in_handler", "run.handled", "run.finished"])
@pytest.mark.parametrize("which", ["db", "side", "both"])
def test_a_cut_connection_loses_and_doubles_nothing(lab: Lab, point: Point, which: str) -> None:
    worker = lab.engine.worker
    databases = {"db": [worker.db], "side": [worker.side], "both": [worker.db, worker.side]}[which]
    ids = [lab.engine.submit(max_attempts=1).id for _ in range(3)]
    with at(point, lambda: cut(lab, *databases)):
        lab.engine.run(*ids)
    lab.recover()
    lab.check()
    assert {lab.engine.task(task_id).attempts for task_id in ids} == {1}


@pytest.mark.parametrize("children", [[], [{}]])
def test_a_connection_cut_at_commit_loses_and_doubles_nothing(
    lab: Lab, children: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word before COMMIT: whether it arrived is unknown to the worker, and must not matter."""
    from orchestrator.engine.transaction import BatchTransaction

    commit = BatchTransaction.commit

    def cut_first(transaction: BatchTransaction) -> None:
        monkeypatch.setattr(BatchTransaction, "commit", commit)
        cut(lab, lab.engine.worker.db)
        commit(transaction)

    monkeypatch.setattr(BatchTransaction, "commit", cut_first)
    parent = lab.engine.submit("test.family", {"children": children}, max_attempts=1).id
    ids = [lab.engine.submit(max_attempts=1).id for _ in range(2)]
    lab.engine.run(parent, *ids)
    lab.recover()
    lab.check()
    assert [lab.engine.effects(task_id) for task_id in ids] == [1, 1]


def test_attempts_whose_connection_was_cut_are_given_back_at_once(lab: Lab) -> None:
    """They need not wait for their leases, and cost nothing."""
    ids = [lab.engine.submit(max_attempts=1).id for _ in range(3)]
    with at("run.handled", lambda: cut(lab, lab.engine.worker.db)):
        back = lab.engine.run(*ids)
    assert set(back) == {str(task_id) for task_id in ids}
    assert lab.engine.run(*ids) == []
    assert [(row["status"], row["attempts"]) for row in map(lab.engine.row, ids)] == [("completed", 1)] * 3
    lab.check()


def test_an_idle_connection_that_died_is_replaced_unnoticed(lab: Lab) -> None:
    task = lab.engine.submit()
    cut(lab, lab.engine.worker.db, lab.engine.db)
    assert lab.engine.run(task.id) == []
    cut(lab, lab.engine.db)
    assert lab.engine.task(task.id).status is Status.COMPLETED


def test_a_handlers_commit_that_is_refused_fails_only_it(lab: Lab) -> None:
    """A constraint that Postgres checks at COMMIT: the whole batch's transaction fails, each task is judged alone."""
    good, bad = lab.engine.submit(), lab.engine.submit()
    connection = lab.engine.db.connection()
    connection.execute("CREATE TABLE refused (task_id uuid PRIMARY KEY)")
    connection.execute("INSERT INTO refused VALUES (%s)", (bad.id,))
    connection.execute("ALTER TABLE ledger ADD UNIQUE (task_id)")
    connection.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT FROM refused r WHERE r.task_id = NEW.task_id) THEN"
        " RAISE 'refused' USING ERRCODE = 'check_violation'; END IF; RETURN NULL; END $$"
    )
    connection.execute(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    lab.engine.run(bad.id, good.id)
    assert lab.engine.task(good.id).status is Status.COMPLETED
    assert (lab.engine.task(bad.id).status, lab.engine.task(bad.id).attempts) == (Status.PENDING, 1)
    assert (lab.engine.effects(good.id), lab.engine.effects(bad.id)) == (1, 0)


@pytest.mark.parametrize("conflict", [errors.DeadlockDetected, errors.SerializationFailure])
def test_a_conflicts_victim_tries_again_at_no_cost(lab: Lab, conflict: type[Exception]) -> None:
    """In the handler, whose effects are undone first, and in every statement of ours."""
    tries = []

    def victim() -> None:
        tries.append(conflict)
        raise conflict("chosen as victim")

    task = lab.engine.submit(max_attempts=1)
    with at("run.in_handler", victim):
        assert lab.engine.run(task.id) == []
    assert tries
    lab.check()
    assert lab.engine.task(task.id).attempts == 1

    def call(_: Connection) -> str:
        if len(tries) < 3:
            victim()
        return "through"

    assert lab.engine.db.run(call) == "through"


def test_a_real_deadlock_between_handlers_costs_nothing(lab: Lab) -> None:
    """Two workers lock two rows the other way round; Postgres ends one, which tries again."""
    connection = lab.engine.db.connection()
    connection.execute("CREATE TABLE pair (id int PRIMARY KEY, n int NOT NULL)")
    connection.execute("INSERT INTO pair VALUES (1, 0), (2, 0)")
    connection.execute("SET deadlock_timeout = '50ms'")
    one, two = lab.engine.worker.db, Database(lambda: connect(lab.url))
    barrier = threading.Barrier(2, timeout=20)

    def both(first: int, second: int) -> Callable[[Connection], None]:
        met: list[bool] = []

        def update(conn: Connection) -> None:
            with conn.transaction():
                conn.execute("UPDATE pair SET n = n + 1 WHERE id = %s", (first,))
                if not met:
                    met.append(True)
                    barrier.wait()
                conn.execute("UPDATE pair SET n = n + 1 WHERE id = %s", (second,))

        return update

    rival = threading.Thread(target=two.run, args=(both(2, 1),))
    rival.start()
    one.run(both(1, 2))
    rival.join()
    two.close()
    rows = connection.execute("SELECT n FROM pair").fetchall()
    assert [row["n"] for row in rows] == [2, 2]


def test_a_restart_under_load_loses_and_doubles_nothing() -> None:
    restarted: list[Popen[bytes]] = []
    with postgres.server() as layout:
        postgres.make_template(layout)
        with postgres.fresh_database(layout) as url:
            lab = Lab(url)
            ids = [lab.engine.submit(max_attempts=1).id for _ in range(20)]
            with at("run.handled", lambda: restarted.append(restart(layout))):
                back = lab.engine.run(*ids[:10])
            assert {UUID(task_id) for task_id in back} == set(ids[:10])
            lab.wire.connection.close()
            lab.wire = Wire(url)
            lab.recover()
            lab.check()
            assert {lab.engine.task(task_id).attempts for task_id in ids} == {1}
            assert [lab.engine.effects(task_id) for task_id in ids] == [1] * 20
            lab.close()
    restarted[0].wait()


def restart(layout: Layout) -> Popen[bytes]:
    server.program(layout).stop()
    return server.start(layout)


def test_while_the_database_is_away_messages_go_back_and_cost_nothing(lab: Lab) -> None:
    task = lab.engine.submit()

    def refuse() -> Connection:
        raise psycopg.OperationalError("away")

    worker = lab.engine.new_worker()
    worker.db = Database(refuse)
    assert lab.engine.run(task.id, worker=worker) == [str(task.id)]
    assert lab.engine.queue.hidden[str(task.id)] > 0
    with pytest.raises(Unavailable):
        worker.db.connection()
    assert lab.engine.kinds(task.id) == ["submitted"]
    assert lab.engine.run(task.id) == []


def test_a_rotated_password_fails_no_task(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is changed and every connection cut; the next one is opened with the secret's new value."""
    role, secret = role_with_secret(lab.engine)
    secrets = Secrets({**secret})
    monkeypatch.setattr("orchestrator.bootstrap.secrets", lambda: secrets)
    monkeypatch.setattr("orchestrator.bootstrap.settings", lambda: SETTINGS)
    from orchestrator.bootstrap import open_connection

    worker = lab.engine.new_worker()
    worker.db, worker.side = Database(open_connection), Database(open_connection)
    first, second = lab.engine.submit(), lab.engine.submit()
    assert lab.engine.run(first.id, worker=worker) == []

    def rotate() -> None:
        lab.wire.connection.execute(f"ALTER ROLE {role} PASSWORD 'second'".encode())
        secrets.newest["password"] = "second"
        cut(lab, worker.db)

    with at("run.handled", rotate):
        lab.engine.run(second.id, worker=worker)
    assert lab.engine.run(second.id, worker=worker) == []
    assert secrets.refreshed == 1
    lab.check()
    worker.db.close()
    worker.side.close()
    for statement in (f"DROP OWNED BY {role}", f"DROP ROLE {role}"):
        lab.wire.connection.execute(statement.encode())


class Secrets:
    """The secret as it was cached, and as it is now."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.cached, self.newest, self.refreshed = dict(value), value, 0

    def get_json(self, arn: str) -> dict[str, Any]:
        return self.cached

    def refresh(self, arn: str) -> None:
        self.cached = dict(self.newest)
        self.refreshed += 1


class SETTINGS:
    database_secret_arn, environment = "arn", "local"
    database_host = database_port = database_name = None


def role_with_secret(engine: Engine) -> tuple[str, dict[str, Any]]:
    info = engine.db.connection().info
    role = f"rotated_{info.dbname}"
    for statement in (f"CREATE ROLE {role} LOGIN PASSWORD 'first'", f"GRANT {info.user} TO {role}"):
        engine.db.connection().execute(statement.encode())
    return role, {"username": role, "password": "first", "host": info.host, "port": info.port, "dbname": info.dbname}
