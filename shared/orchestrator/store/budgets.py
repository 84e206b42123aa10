"""Budgets: reservations and costs of model calls, limits and prices; all amounts are millionths of the currency."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from orchestrator.model.json_encoding import encode_json
from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_all, fetch_one, fetch_value
from orchestrator.store.steps import Write, written
from orchestrator.store.tasks import RunnableTask

_SQL = load_queries("orchestrator.store", "budgets")

Scope: TypeAlias = Literal["agent", "owner", "stack", "task"]
Period: TypeAlias = Literal["day", "month", "life"]
OnLimit: TypeAlias = Literal["refuse", "wait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The response to a request for room; `scope` and `period` name the budget without room.

    `seconds`: until there may be room; None: not before an operator raises the limit.
    """

    verdict: Literal["reserved", "refuse", "wait", "unpriced", "lost"]
    scope: Scope | None
    period: Period | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidStep:
    """A step and the tokens that its call used. `result` is JSON text; `fault` says why there is none."""

    name: str
    result: str
    fault: str | None
    took_ms: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The recorded model calls of a task; `micros` are millionths of the currency."""

    micros: int
    calls: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit. `subject` is a type or an owner, or * for each of them without its own.

    `settled` and `reserved` are the use of the current period, of the largest `spender`. A budget of task families
    has none.
    """

    scope: Scope
    subject: str
    period: Period
    amount: int
    on_limit: OnLimit
    version: int
    spender: str | None = None
    settled: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of a model, for a request and for a million tokens."""

    model: str
    per_request: int
    per_million_input: int
    per_million_output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    watched: bool
    crossed: list[str]


def reserve_model_call(
    conn: Connection, task_id: UUID, token: int, step: str, model: str, tokens: tuple[int, int]
) -> Reservation:
    """Reserve the cost of at most so many (input, output) tokens in all budgets that apply, or in none."""
    values = {"task_id": task_id, "token": token, "step": step, "model": model}
    values |= {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    found = fetch_one(conn, Reservation, _SQL["reserve_model_call"], values)
    return found or Reservation(verdict="lost", scope=None, period=None, seconds=None)


def record_paid_step(conn: Connection, task_id: UUID, token: int, step: PaidStep) -> tuple[Write, list[str]]:
    """Record a step and settle its reservation; return the budgets that reach 80 % with it, as `scope:period`."""
    values = {
        "task_id": task_id,
        "token": token,
        "name": step.name,
        "result": step.result,
        "fault": step.fault,
        "event": encode_json({"step": step.name, "tookMs": step.took_ms}),
        "input_tokens": step.input_tokens,
        "output_tokens": step.output_tokens,
    }
    settled = fetch_one(conn, _Settled, _SQL["record_paid_step"], values)
    return written(settled.watched if settled else None), settled.crossed if settled else []


def task_cost(conn: Connection, task_id: UUID) -> Cost | None:
    """Return the cost of a task's recorded model calls; None for a task without any."""
    found = fetch_one(conn, Cost, _SQL["task_cost"], {"task_id": task_id})
    return found if found is not None and found.calls else None


def list_budgets(conn: Connection) -> list[Budget]:
    """Return all budgets with their use."""
    return fetch_all(conn, Budget, _SQL["list_budgets"])


def put_budget(conn: Connection, budget: Budget) -> int | None:
    """Create a budget (`version` 0) or change that version of it; return the new version, or None after a conflict."""
    values = {
        "scope": budget.scope,
        "subject": budget.subject,
        "period": budget.period,
        "amount": budget.amount,
        "on_limit": budget.on_limit,
        "version": budget.version,
    }
    return fetch_value(conn, int, _SQL["put_budget"], values)


def delete_budget(conn: Connection, scope: str, subject: str, period: str, version: int) -> bool:
    """Delete that version of a budget; return False when there is none."""
    values = {"scope": scope, "subject": subject, "period": period, "version": version}
    return conn.execute(_SQL["delete_budget"], values).rowcount > 0


def prune_spending(conn: Connection, days: int) -> None:
    """Delete the sums of days that are longer ago."""
    conn.execute(_SQL["prune_spending"], {"days": days})


def list_prices(conn: Connection) -> list[Price]:
    """Return the prices of all models."""
    return fetch_all(conn, Price, _SQL["list_prices"])


def put_price(conn: Connection, price: Price) -> None:
    """Set the price of a model, for calls from now on."""
    values = {
        "model": price.model,
        "per_request": price.per_request,
        "per_million_input": price.per_million_input,
        "per_million_output": price.per_million_output,
    }
    conn.execute(_SQL["put_price"], values)


def count_over_budget(conn: Connection) -> int:
    """Return the number of tasks that wait for a budget."""
    return fetch_value(conn, int, _SQL["count_over_budget"]) or 0


def lock_budgets(conn: Connection) -> None:
    """Lock all budgets until the caller's transaction ends."""
    conn.execute(_SQL["lock_budgets"])


def mark_waiting(conn: Connection) -> None:
    """Mark all tasks that wait for a budget, or are about to."""
    conn.execute(_SQL["mark_waiting"])


def wake_over_budget(conn: Connection, limit: int) -> list[RunnableTask]:
    """Make marked tasks due that wait for a budget; return them."""
    return fetch_all(conn, RunnableTask, _SQL["wake_over_budget"], {"limit": limit})


def wake_marked(conn: Connection, ids: Collection[UUID]) -> list[RunnableTask]:
    """Make tasks due that began to wait in this transaction and whose budget was changed meanwhile; return them."""
    return fetch_all(conn, RunnableTask, _SQL["wake_marked"], {"ids": list(ids)})
