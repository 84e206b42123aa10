"""Submits that race: one task for a key, in any order, and a feed without gaps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model.cursor import Cursor
from orchestrator.model.errors import KeyReused
from orchestrator.model.ids import new_task_id
from orchestrator.store import events, tasks
from orchestrator.store.connection import Database, connect
from tests.faults.lab import Lab


def at_once(lab: Lab, calls: list[Callable[[Database], Any]]) -> list[Any]:
    """Every call on a connection of its own, begun together; errors are answers."""
    barrier = Barrier(len(calls), timeout=20)

    def one(call: Callable[[Database], Any]) -> Any:
        database = Database(lambda: connect(lab.url))
        try:
            database.connection()
            barrier.wait()
            return call(database)
        except KeyReused as error:
            return error
        finally:
            database.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def order(payload: dict[str, Any], key: str | None = "key", owner: str = "1") -> TaskRequest:
    return TaskRequest(owner=owner, type="test.noop", payload=payload, idempotency_key=key)


def test_duplicates_at_once_make_one_task(lab: Lab) -> None:
    def call(database: Database) -> Any:
        return submit(database, lab.engine.queue, lab.engine.agents, order({"n": 1}))

    for _ in range(5):
        lab.engine.db.connection().execute("TRUNCATE agent_tasks CASCADE")
        lab.engine.queue.sent.clear()
        answers = at_once(lab, [call] * 8)
        assert len({answer.task.id for answer in answers}) == 1
        assert [answer.created for answer in answers].count(True) == 1
        assert len(lab.engine.queue.sent) == 1


def test_another_request_under_the_same_key_is_refused_though_it_came_at_once(lab: Lab) -> None:
    def call(n: int) -> Callable[[Database], Any]:
        return lambda database: submit(database, lab.engine.queue, lab.engine.agents, order({"n": n}))

    answers = at_once(lab, [call(n) for n in range(8)])
    assert sum(isinstance(answer, KeyReused) for answer in answers) == 7
    rows = lab.engine.db.connection().execute("SELECT count(*) AS n FROM agent_tasks").fetchone()
    assert rows == {"n": 1}


@pytest.mark.parametrize(
    "change",
    [{"payload": {"n": 2}}, {"type": "test.limited"}, {"max_attempts": 2}, {"schedule_at": True}],
)
def test_any_difference_in_the_request_is_another_request(lab: Lab, change: dict[str, Any]) -> None:
    from datetime import UTC, datetime

    if change.get("schedule_at"):
        change = {"schedule_at": datetime(2090, 1, 1, tzinfo=UTC)}
    first: dict[str, Any] = {"owner": "1", "type": "test.noop", "payload": {}, "idempotency_key": "key"}
    submit(lab.engine.db, lab.engine.queue, lab.engine.agents, TaskRequest(**first))
    with pytest.raises(KeyReused):
        submit(lab.engine.db, lab.engine.queue, lab.engine.agents, TaskRequest(**{**first, **change}))


def test_an_insert_with_a_lost_answer_is_found_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection dies after COMMIT and before the answer: the second try meets its own row."""
    import psycopg

    insert, tries = tasks.insert_task, []

    def lose_answer(conn: Any, new: Any) -> Any:
        stored = insert(conn, new)
        tries.append(stored)
        if len(tries) == 1:
            conn.close()
            raise psycopg.OperationalError("the answer was lost")
        return stored

    monkeypatch.setattr(tasks, "insert_task", lose_answer)
    task = submit(lab.engine.db, lab.engine.queue, lab.engine.agents, order({"n": 1}, key=None)).task
    assert len(tries) == 2
    lab.recover()
    assert lab.engine.task(task.id).result == {"n": 1}
    rows = lab.engine.db.connection().execute("SELECT count(*) AS n FROM agent_tasks").fetchone()
    assert rows == {"n": 1}


def read(lab: Lab, cursor: Cursor, limit: int = 100) -> tuple[list[tuple[UUID, int]], Cursor]:
    rows, target = lab.engine.db.run(events.unseen, "1", cursor, None, limit)
    return [(row.task_id, row.seq) for row in rows], Cursor(target)


def new_task(owner: str = "1") -> tasks.NewTask:
    return tasks.NewTask(
        id=new_task_id(),
        owner_id=owner,
        type="test.noop",
        payload="{}",
        payload_version=1,
        max_attempts=3,
        limited=False,
    )


def test_events_that_began_earlier_and_committed_later_are_still_returned(lab: Lab) -> None:
    """Read between the two commits: the later one has the lower transaction id, and must not be skipped."""
    start, _ = lab.engine.db.run(events.snapshot_now)
    early, late = new_task(), new_task()
    slow = connect(lab.url)
    with slow.transaction():
        tasks.insert_task(slow, early)
        lab.engine.db.run(tasks.insert_task, late)
        seen, cursor = read(lab, Cursor(start))
        assert seen == [(late.id, 1)]
        assert read(lab, cursor)[0] == []
    seen, cursor = read(lab, cursor)
    assert seen == [(early.id, 1)]
    assert read(lab, cursor)[0] == []
    slow.close()


def test_many_out_of_order_commits_are_pushed_once_each(lab: Lab) -> None:
    start, _ = lab.engine.db.run(events.snapshot_now)
    connections = [connect(lab.url) for _ in range(6)]
    opened = [connection.transaction() for connection in connections]
    made = [new_task() for _ in connections]
    cursor, received = Cursor(start), list[tuple[UUID, int]]()
    for transaction, connection, task in zip(opened, connections, made, strict=True):
        transaction.__enter__()
        tasks.insert_task(connection, task)
    for at in (3, 0, 5, 1, 4, 2):
        opened[at].__exit__(None, None, None)
        seen, cursor = read(lab, cursor)
        received += seen
    assert sorted(received) == sorted((task.id, 1) for task in made)
    for connection in connections:
        connection.close()


def test_events_between_two_pages_are_returned_once(lab: Lab) -> None:
    """A page leads to the snapshot that its first one aimed at, however much is committed meanwhile."""
    start, _ = lab.engine.db.run(events.snapshot_now)
    first, second, between = sorted((new_task() for _ in range(3)), key=lambda task: task.id)
    for task in (first, second):
        lab.engine.db.run(tasks.insert_task, task)
    (received,), target = lab.engine.db.run(events.unseen, "1", Cursor(start), None, 1)
    lab.engine.db.run(tasks.insert_task, between)
    cursor = Cursor(start).at(target, received.task_id, received.seq)
    rest, target = lab.engine.db.run(events.unseen, "1", cursor, None, 10)
    assert [row.task_id for row in rest] == [second.id]
    assert read(lab, Cursor(target))[0] == [(between.id, 1)]


def test_nobody_reads_another_owners_feed(lab: Lab) -> None:
    start, _ = lab.engine.db.run(events.snapshot_now)
    lab.engine.db.run(tasks.insert_task, new_task("2"))
    assert read(lab, Cursor(start))[0] == []
