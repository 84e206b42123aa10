"""Cancel ends the right tasks and no others, during any commit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import pytest

from orchestrator.engine.cancel import cancel
from orchestrator.model import outcome
from orchestrator.model.errors import Conflict
from orchestrator.model.ids import new_task_id
from orchestrator.model.task import Task
from orchestrator.store import attempts, children
from orchestrator.store.children import NewChild
from orchestrator.store.connection import Connection, connect
from orchestrator.store.owners import ANY_OWNER
from tests.faults.lab import Lab
from tests.support.engine import Engine


@pytest.fixture
def other(lab: Lab) -> Iterator[Connection]:
    """A worker's connection."""
    connection = connect(lab.url)
    yield connection
    connection.close()


def bear(connection: Connection, parent: UUID, owner: str = "1") -> UUID:
    child = NewChild(
        id=new_task_id(),
        owner_id=owner,
        type="test.noop",
        payload="{}",
        payload_version=1,
        max_attempts=3,
        limited=False,
        parent_id=parent,
        key=str(new_task_id()),
    )
    children.insert_children(connection, [child])
    return child.id


def status(engine: Engine, *ids: UUID) -> list[str]:
    return [engine.task(task_id).status.value for task_id in ids]


@contextmanager
def cancelled_meanwhile(lab: Lab, holder: Connection, task_id: UUID) -> Iterator[Future[Task]]:
    """The block is a worker's transaction, committed when a cancel waits for it; its result is there afterwards."""
    engine = lab.engine
    with ThreadPoolExecutor(1) as pool:
        try:
            holder.execute("BEGIN")
            waiting: Future[Task] = Future()
            yield waiting
            done = pool.submit(cancel, engine.new_worker().db, engine.queue, engine.events, "1", task_id)
            await_lock(lab)
        finally:
            holder.execute("COMMIT")
        error = done.exception(20)
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(done.result())


def await_lock(lab: Lab) -> None:
    """Return once a session waits for another session's lock. Each query takes Postgres five milliseconds."""
    for _ in range(2000):
        if lab.wire.connection.execute("SELECT 1 FROM pg_locks, pg_sleep(0.005) WHERE NOT granted").fetchone():
            return
    raise AssertionError("nobody waits")


def test_grandchildren_committed_while_cancel_waits_are_cancelled(lab: Lab, other: Connection) -> None:
    engine = lab.engine
    root = engine.submit("test.noop").id
    child = bear(other, root)
    (running,) = engine.db.run(attempts.claim, [child], worker="w", lease=60, alone=True)
    with cancelled_meanwhile(lab, other, root) as cancelled:
        grandchildren = [bear(other, child), bear(other, child)]
        attempts.finish(other, [outcome.completed(child, running.token, {})])
    assert cancelled.result().id == root
    assert status(engine, root, child, *grandchildren) == ["cancelled", "completed", "cancelled", "cancelled"]
    assert engine.kinds(grandchildren[0]) == ["submitted", "cancelled"]


def test_a_task_that_ends_while_cancel_waits_keeps_its_children(lab: Lab, other: Connection) -> None:
    engine = lab.engine
    root = engine.submit("test.noop").id
    child = bear(other, root)
    (running,) = engine.db.run(attempts.claim, [root], worker="w", lease=60, alone=True)
    with cancelled_meanwhile(lab, other, root) as cancelled:
        attempts.finish(other, [outcome.completed(root, running.token, {})])
    assert isinstance(cancelled.exception(), Conflict)
    assert status(engine, root, child) == ["completed", "pending"]


def test_a_task_for_another_owner_is_cancelled_by_operators_alone(engine: Engine) -> None:
    connection = engine.db.connection()
    root = engine.submit("test.noop").id
    mine, theirs = bear(connection, root), bear(connection, root, owner="2")
    below = [bear(connection, theirs, owner="2"), bear(connection, theirs, owner="1")]
    grandchild = bear(connection, mine)
    cancel(engine.db, engine.queue, engine.events, "1", root)
    assert status(engine, root, mine, grandchild, theirs, *below) == ["cancelled"] * 3 + ["pending"] * 3
    assert set(engine.events.owners) == {"1"}
    root = engine.submit("test.noop").id
    theirs = bear(connection, root, owner="2")
    grandchild = bear(connection, theirs, owner="3")
    cancel(engine.db, engine.queue, engine.events, ANY_OWNER, root, actor="operator")
    assert status(engine, root, theirs, grandchild) == ["cancelled"] * 3
