"""Many tasks in one statement, each with its own answer; and a submit within a route's own transaction."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.engine.submit import Submitted, TaskRequest, submit, submit_batch
from orchestrator.engine.unique import UniqueKey
from orchestrator.model.errors import Conflict, InvalidInput, KeyReused
from orchestrator.store.connection import Connection
from orchestrator.store.handler_session import TransactionControl
from tests.support.engine import Engine


class Undone(Exception):
    pass


def order(n: int = 0, **more: Any) -> TaskRequest:
    return TaskRequest(**{"owner": "1", "type": "test.noop", "payload": {"n": n}, "by_user": False, **more})


def count(engine: Engine) -> int:
    return engine.db.connection().execute("SELECT FROM agent_tasks").rowcount


def test_the_answers_are_in_order_and_a_fault_harms_only_its_own_task(engine: Engine) -> None:
    engine.submit("test.noop", {"n": 0}, idempotency_key="taken")
    engine.queue.sent.clear()
    answers = submit_batch(
        engine.db,
        engine.queue,
        engine.agents,
        [
            order(1),
            order(2, type="no.such"),
            order(3, idempotency_key="taken"),
            order(4, unique=UniqueKey("u", "reject")),
            order(5, unique=UniqueKey("u", "reject")),
            order(6, idempotency_key="new"),
            order(6, idempotency_key="new"),
            order(7, max_attempts=99),
        ],
    )
    kinds = [answer.created if isinstance(answer, Submitted) else type(answer) for answer in answers]
    assert kinds == [True, InvalidInput, KeyReused, True, Conflict, True, False, InvalidInput]
    made = [answer.task for answer in answers if isinstance(answer, Submitted) and answer.created]
    assert [task.payload["n"] for task in made] == [1, 4, 6]
    assert engine.queue.ids == [task.id for task in made]
    engine.run(*engine.queue.ids)
    assert [engine.task(task.id).result for task in made] == [{"n": 1}, {"n": 4}, {"n": 6}]


def test_a_hundred_tasks_are_one_statement(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[Connection] = []
    wait = Connection.wait

    def counted(connection: Connection, *arguments: Any, **named: Any) -> Any:
        statements.append(connection)
        return wait(connection, *arguments, **named)

    engine.db.connection()
    monkeypatch.setattr(Connection, "wait", counted)
    answers = submit_batch(engine.db, engine.queue, engine.agents, [order(n) for n in range(100)])
    monkeypatch.undo()
    assert len(statements) == 3  # BEGIN, the statement, COMMIT
    assert count(engine) == len({answer.task.id for answer in answers if isinstance(answer, Submitted)}) == 100


def test_a_task_exists_exactly_if_the_transaction_commits(engine: Engine) -> None:
    with engine.db.transaction() as connection:
        connection.execute("INSERT INTO ledger (task_id, attempt) VALUES (gen_random_uuid(), 1)")
        made = submit(engine.db, engine.queue, engine.agents, order(), connection=connection)
        assert engine.queue.sent == []
    assert engine.queue.ids == [made.task.id]

    def fail() -> None:
        with engine.db.transaction() as connection:
            submit(engine.db, engine.queue, engine.agents, order(), connection=connection)
            raise Undone

    with pytest.raises(Undone):
        fail()
    assert (count(engine), len(engine.queue.sent)) == (1, 1)


@pytest.mark.parametrize("more", [{}, {"unique": UniqueKey("k")}])
def test_no_message_is_sent_for_an_undone_savepoint_of_its_own(engine: Engine, more: dict[str, Any]) -> None:
    from psycopg import Rollback

    with engine.db.transaction() as connection:
        submit(engine.db, engine.queue, engine.agents, order(**more), connection=connection)
        raise Rollback
    assert (count(engine), engine.queue.sent) == (0, [])


def test_keys_work_within_a_transaction_too(engine: Engine) -> None:
    with engine.db.transaction() as connection:
        made = [
            submit(engine.db, engine.queue, engine.agents, order(idempotency_key="k"), connection=connection)
            for _ in range(2)
        ]
        made += [
            submit(engine.db, engine.queue, engine.agents, order(unique=UniqueKey("u")), connection=connection)
            for _ in range(2)
        ]
    assert [each.created for each in made] == [True, False, True, False]
    assert (count(engine), len(engine.queue.sent)) == (2, 2)


def test_a_handlers_transaction_is_not_a_routes(engine: Engine) -> None:
    connection = engine.worker.db.connection()
    connection.handler_session = object()  # type: ignore[assignment] # only that there is one counts here
    with pytest.raises(TransactionControl, match=r"ctx\.db"):
        connection.after_commit(lambda: None)
    connection.handler_session = None
