"""Changes of budgets and prices by operators, with their audit entries."""

from __future__ import annotations

from orchestrator.aws.queues import TaskMessage, TaskQueue
from orchestrator.model.errors import Conflict
from orchestrator.model.task import Json
from orchestrator.store import budgets as store
from orchestrator.store.audit import record_action
from orchestrator.store.budgets import Budget, Price
from orchestrator.store.connection import Connection, Database

#: Tasks that one statement wakes.
PAGE = 500


def put_budget(db: Database, queue: TaskQueue, budget: Budget, actor: str, reason: str) -> int:
    """Create or change a budget, and run the tasks that wait for one: each asks again. Return the new version.

    Raise Conflict when the budget is no longer in the version that the operator has read.
    """
    version = db.run(_put, budget, actor, reason)
    wake(db, queue)
    return version


def delete_budget(db: Database, queue: TaskQueue, budget: Budget, actor: str, reason: str) -> None:
    """Delete a budget, and run the tasks that wait for one. Raise as `put_budget`."""
    db.run(_delete, budget, actor, reason)
    wake(db, queue)


def put_price(db: Database, price: Price, actor: str) -> None:
    """Set the price of a model, for calls from now on."""
    db.run(_put_price, price, actor)


def wake(db: Database, queue: TaskQueue) -> None:
    """Run the tasks that wait for a budget that was changed. The sweeper sends the messages that are lost here."""
    while woken := db.run(store.wake_over_budget, PAGE):
        queue.send([TaskMessage.of(task) for task in woken])


def _put(conn: Connection, budget: Budget, actor: str, reason: str) -> int:
    with conn.transaction():
        store.lock_budgets(conn)
        version = store.put_budget(conn, budget)
        if version is None:
            raise _changed()
        store.mark_waiting(conn)
        detail: dict[str, Json] = {**_name(budget), "limit": budget.amount, "onLimit": budget.on_limit}
        record_action(conn, actor, "set-budget", {**detail, "reason": reason})
    return version


def _delete(conn: Connection, budget: Budget, actor: str, reason: str) -> None:
    with conn.transaction():
        store.lock_budgets(conn)
        if not store.delete_budget(conn, budget.scope, budget.subject, budget.period, budget.version):
            raise _changed()
        store.mark_waiting(conn)
        record_action(conn, actor, "delete-budget", {**_name(budget), "reason": reason})


def _put_price(conn: Connection, price: Price, actor: str) -> None:
    with conn.transaction():
        store.put_price(conn, price)
        record_action(conn, actor, "set-price", {"model": price.model})


def _name(budget: Budget) -> dict[str, Json]:
    return {"scope": budget.scope, "subject": budget.subject, "period": budget.period}


def _changed() -> Conflict:
    return Conflict("The budget was changed meanwhile; read it again.", code="budget_changed")
