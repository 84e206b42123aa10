"""Bodies and responses of the budget routes. Amounts are integers: millionths of the currency."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from orchestrator.http.schemas.requests import Body, number_only
from orchestrator.http.schemas.responses import closed
from orchestrator.store.budgets import OnLimit, Period, Scope

Amount = Annotated[int, Field(ge=0, le=10**15), BeforeValidator(number_only)]
PriceAmount = Annotated[int, Field(ge=0, le=10**12), BeforeValidator(number_only)]


class SetBudget(Body):
    """A budget. `subject` is a task type or an owner, or * for each without its own; `limit` null deletes it.

    `version` is the one that was read, and 0 for a new budget.
    """

    subject: str = Field(default="*", min_length=1, max_length=200)
    period: Period
    limit: Amount | None
    onLimit: OnLimit = "wait"
    version: Annotated[int, Field(ge=0, le=2**31 - 2), BeforeValidator(number_only)] = 0
    reason: str = Field(min_length=1, max_length=500)


class SetPrice(Body):
    """The price of a model: of one request, and of a million tokens."""

    model: str = Field(min_length=1, max_length=200)
    perRequest: PriceAmount = 0
    perMillionInput: PriceAmount = 0
    perMillionOutput: PriceAmount = 0


@closed
class BudgetView(TypedDict):
    """A budget. `used` and `reserved` are those of the period, of the `spender` that used most; null without one."""

    scope: Scope
    subject: str
    period: Period
    limit: int
    onLimit: OnLimit
    version: int
    used: int
    reserved: int
    spender: str | None


@closed
class PriceView(TypedDict):
    model: str
    perRequest: int
    perMillionInput: int
    perMillionOutput: int


@closed
class Budgets(TypedDict):
    """All budgets and prices; `waiting` is the number of tasks that wait for a budget."""

    items: list[BudgetView]
    prices: list[PriceView]
    waiting: int


@closed
class BudgetVersion(TypedDict):
    """The version of a budget after a change; null when it was deleted."""

    version: int | None
