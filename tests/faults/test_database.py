"""The database is cut off, restarted, and picks victims of deadlocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from subprocess import Popen
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from orchestrator.model import fault_injection
from orchestrator.model.errors import Unavailable
from orchestrator.model.fault_injection import Point
from orchestrator.model.states import Status
from orchestrator.store import attempts
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Connection, Database
from tests.faults.lab import Lab
from tests.faults.wire import Wire
from tests.support import postgres
from tools.local_stack import postgres as server
from tools.local_stack.stack_config import Layout


@contextmanager
def at(point: Point, action: Callable[[], object]) -> Iterator[None]:
    """Does something the first time this process is at a point."""
    waiting = [action]

    def reached(where: Point) -> None:
        if where == point and waiting:
            waiting.pop()()

    fault_injection.arm(reached)
    yield
    fault_injection.arm(None)
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
    from orchestrator.engine.execution.transaction import BatchTransaction

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


def test_attempts_with_a_cut_connection_are_released_at_once(lab: Lab) -> None:
    """They need not wait for their leases, and cost nothing."""
    ids = [lab.engine.submit(max_attempts=1).id for _ in range(3)]
    with at("run.handled", lambda: cut(lab, lab.engine.worker.db)):
        back = lab.engine.run(*ids)
    assert set(back) == {str(task_id) for task_id in ids}
    assert lab.engine.run(*ids) == []
    assert [(row["status"], row["attempts"]) for row in map(lab.engine.row, ids)] == [("completed", 1)] * 3
    assert lab.engine.worker.orphans == []
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
    refuse_commit(lab, bad.id, "check_violation")
    lab.engine.run(bad.id, good.id)
    assert lab.engine.task(good.id).status is Status.COMPLETED
    assert (lab.engine.task(bad.id).status, lab.engine.task(bad.id).attempts) == (Status.PENDING, 1)
    assert (lab.engine.effects(good.id), lab.engine.effects(bad.id)) == (1, 0)


def refuse_commit(lab: Lab, task_id: UUID, how: LiteralString) -> None:
    """Postgres fails every COMMIT of the task's effects."""
    connection = lab.engine.db.connection()
    connection.execute("CREATE TABLE refused (task_id uuid PRIMARY KEY)")
    connection.execute("GRANT SELECT ON refused TO orchestrator_worker")
    connection.execute("INSERT INTO refused VALUES (%s)", (task_id,))
    connection.execute("ALTER TABLE ledger ADD UNIQUE (task_id)")
    connection.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT FROM refused r WHERE r.task_id = NEW.task_id) THEN"
        f" RAISE 'refused' USING ERRCODE = '{how}'; END IF; RETURN NULL; END $$"
    )
    connection.execute(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse()"
    )


def test_a_conflict_that_never_ends_is_a_failure_like_any_other(lab: Lab) -> None:
    """Its handler runs again a few times; then the attempt has failed, and its neighbour is done long since."""
    good, bad = lab.engine.submit(), lab.engine.submit()
    refuse_commit(lab, bad.id, "serialization_failure")
    assert lab.engine.run(bad.id, good.id) == [str(bad.id)]
    assert lab.engine.task(good.id).status is Status.COMPLETED
    row = lab.engine.row(bad.id)
    assert (row["status"], row["attempts"], row["error"]["type"]) == ("pending", 1, "SerializationFailure")
    assert (lab.engine.effects(good.id), lab.engine.effects(bad.id)) == (1, 0)


def before_rows_are_locked(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Does something just before the first of a batch's handlers that write locks its rows."""
    lock_rows = attempts.lock_attempts

    def act_first(connection: Connection, waiting: Sequence[Attempt]) -> tuple[str, set[UUID]]:
        monkeypatch.setattr(attempts, "lock_attempts", lock_rows)
        action()
        return lock_rows(connection, waiting)

    monkeypatch.setattr(attempts, "lock_attempts", act_first)


def test_a_transaction_that_cannot_be_begun_is_not_left_half_open(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another session locks a row of the batch. Its attempt gets no lock; the next task's transaction commits."""
    locked, free = lab.engine.submit(), lab.engine.submit()
    other = lab.wire.connection

    def lock() -> None:
        other.execute("BEGIN")
        other.execute("SELECT FROM agent_tasks WHERE id = %s FOR UPDATE", (locked.id,))

    before_rows_are_locked(monkeypatch, lock)
    lab.engine.worker.db.connection().execute("SET lock_timeout = '200ms'")
    with at("run.handled", lambda: other.execute("COMMIT")):
        assert lab.engine.run(locked.id, free.id) == [str(locked.id)]
    assert lab.engine.row(locked.id)["error"]["type"] == "LockNotAvailable"
    assert lab.engine.task(free.id).status is Status.COMPLETED
    lab.recover()
    lab.check()


def test_a_connection_that_died_before_the_first_effect_costs_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [lab.engine.submit(max_attempts=1).id for _ in range(2)]
    before_rows_are_locked(monkeypatch, lambda: cut(lab, lab.engine.worker.db))
    assert sorted(lab.engine.run(*ids)) == sorted(str(task_id) for task_id in ids)
    assert lab.engine.run(*ids) == []
    assert [lab.engine.task(task_id).status for task_id in ids] == [Status.COMPLETED] * 2
    lab.check()


@pytest.mark.parametrize("conflict", [errors.DeadlockDetected, errors.SerializationFailure])
def test_a_conflicts_victim_tries_again_at_no_cost(lab: Lab, conflict: type[Exception]) -> None:
    """In the handler, whose effects are undone first, and in every statement of the engine."""
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
