"""A handler cannot end, or open, the transaction that it shares with its batch neighbours."""

from __future__ import annotations

from uuid import UUID

import pytest

from orchestrator.model.states import Status
from tests.faults.lab import Lab
from tests.support.engine import Engine
from tests.support.oddities import KEPT

STATEMENTS = [
    "COMMIT",
    "ROLLBACK",
    "END",
    "ABORT",
    "/* a comment */ COMMIT",
    "COMMIT AND CHAIN",
    "ROLLBACK AND CHAIN",
    "ROLLBACK; BEGIN",
    "COMMIT; BEGIN",
    "SELECT 1; COMMIT",
    "PREPARE TRANSACTION 'x'",
    "DO $$ BEGIN COMMIT; END $$",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SET TRANSACTION READ ONLY",
]
METHODS = [
    "method-commit",
    "method-rollback",
    "method-close",
    "method-autocommit",
    "property-autocommit",
    "with-connection",
    "leave-pipeline",
    "raw-commit",
    "raw-rollback",
    "low-commit",
    "low-rollback-begin",
]


def beside_neighbours(engine: Engine, **payload: object) -> tuple[UUID, list[UUID]]:
    """Run a task between neighbours that write; return it and them."""
    engine.submit("test.odd", {"do": "ok"}, max_attempts=1)
    neighbours = [engine.submit(max_attempts=1).id for _ in range(4)]
    culprit = engine.submit("test.odd", payload, max_attempts=1).id
    engine.worker.pace.update({"test.odd": 0.001, "test.effect": 0.001})
    engine.run(*neighbours[:2], culprit, *neighbours[2:])
    return culprit, neighbours


def assert_untouched(engine: Engine, neighbours: list[UUID]) -> None:
    assert [engine.task(each).status for each in neighbours] == [Status.COMPLETED] * len(neighbours)
    assert [engine.task(each).attempts for each in neighbours] == [1] * len(neighbours)
    assert [engine.effects(each) for each in neighbours] == [1] * len(neighbours)


@pytest.mark.parametrize("sql", STATEMENTS)
def test_a_statement_that_ends_the_transaction_harms_only_its_own_task(engine: Engine, sql: str) -> None:
    culprit, neighbours = beside_neighbours(engine, do="sql", sql=sql)
    assert_untouched(engine, neighbours)
    task = engine.task(culprit)
    assert (task.status, engine.effects(culprit)) == (Status.DEAD_LETTER, 0), task.error


@pytest.mark.parametrize("how", METHODS)
def test_a_driver_method_that_ends_the_transaction_harms_only_its_own_task(engine: Engine, how: str) -> None:
    culprit, neighbours = beside_neighbours(engine, do=how)
    KEPT.clear()
    assert_untouched(engine, neighbours)
    task = engine.task(culprit)
    assert (task.status, engine.effects(culprit)) == (Status.DEAD_LETTER, 0), task.error


@pytest.mark.parametrize("sql", ["ROLLBACK", "COMMIT AND CHAIN", "ROLLBACK; BEGIN"])
def test_operators_read_the_steps_of_the_handler(engine: Engine, sql: str) -> None:
    culprit, _ = beside_neighbours(engine, do="sql", sql=sql)
    assert "ransaction" in engine.task(culprit).error["message"]


def test_a_transaction_block_that_is_never_left_harms_nobody(engine: Engine) -> None:
    culprit, neighbours = beside_neighbours(engine, do="leave-transaction")
    KEPT.clear()
    assert_untouched(engine, neighbours)
    assert engine.task(culprit).status is Status.COMPLETED
    later = engine.submit()
    engine.run(later.id)
    assert engine.task(later.id).status is Status.COMPLETED


def test_a_savepoint_and_a_block_of_its_own_stay_allowed(engine: Engine) -> None:
    culprit, neighbours = beside_neighbours(engine, do="sql", sql="SAVEPOINT mine; ROLLBACK TO SAVEPOINT mine")
    assert_untouched(engine, neighbours)
    assert (engine.task(culprit).status, engine.effects(culprit)) == (Status.COMPLETED, 1)


def test_the_engines_own_savepoint_may_be_released(engine: Engine) -> None:
    """The batch is committed one by one; alone, nothing depends on the savepoint."""
    culprit, neighbours = beside_neighbours(engine, do="sql", sql="RELEASE SAVEPOINT handler")
    assert_untouched(engine, neighbours)
    assert (engine.task(culprit).status, engine.effects(culprit)) == (Status.COMPLETED, 1)


def test_the_marks_of_transactions_do_not_stay(lab: Lab) -> None:
    beside_neighbours(lab.engine, do="sql", sql="ROLLBACK")
    beside_neighbours(lab.engine, do="ok")
    assert lab.engine.db.connection().execute("SELECT * FROM handler_transactions").fetchall() == []
