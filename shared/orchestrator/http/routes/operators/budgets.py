"""Operators: budgets, their use, and the prices of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.operators import budgets as engine
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import read
from orchestrator.http.schemas.names import budgets
from orchestrator.model.errors import Fault, InvalidInput, NotFound
from orchestrator.store import budgets as store
from orchestrator.store.budgets import Budget, Price, Scope

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse

SCOPE = Parameter("scope", {"type": "string", "enum": list(get_args(Scope))}, "path")


def budget_routes(services: Services) -> Router:
    router = Router()

    @router.get("/ops/budgets")
    @operation("All budgets, their use, and prices", {200: budgets.Budgets}, access="operator", tag="ops")
    def list_all() -> JsonResponse:
        found = services.db.run(store.list_budgets)
        prices = services.db.run(store.list_prices)
        waiting = services.db.run(store.count_over_budget)
        view = {
            "items": [budget_view(each) for each in found],
            "prices": [price_view(each) for each in prices],
            "waiting": waiting,
        }
        return json_response(200, view)

    @router.put("/ops/budgets/<scope>")
    @operation(
        "Create, change or delete a budget; the tasks that wait for one ask again",
        {200: budgets.BudgetVersion},
        body=budgets.SetBudget,
        parameters=(SCOPE,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def set_budget(scope: str) -> JsonResponse:
        from orchestrator.http.schemas.budgets import SetBudget

        body, actor = read(SetBudget, router.current_event), current_operator(router)
        if scope not in get_args(Scope):
            raise NotFound("There is no such scope of budgets.")
        budget = Budget(
            scope=cast("Scope", scope),
            subject=body.subject,
            period=body.period,
            amount=body.limit or 0,
            on_limit=body.onLimit,
            version=body.version,
        )
        _check(budget)
        if body.limit is None:
            engine.delete_budget(services.db, services.queue, budget, actor, body.reason)
            return json_response(200, {"version": None})
        return json_response(
            200, {"version": engine.put_budget(services.db, services.queue, budget, actor, body.reason)}
        )

    @router.put("/ops/prices")
    @operation(
        "Set the price of a model, for calls from now on",
        {200: budgets.PriceView},
        body=budgets.SetPrice,
        access="operator",
        tag="ops",
    )
    def set_price() -> JsonResponse:
        from orchestrator.http.schemas.budgets import SetPrice

        body = read(SetPrice, router.current_event)
        price = Price(
            model=body.model,
            per_request=body.perRequest,
            per_million_input=body.perMillionInput,
            per_million_output=body.perMillionOutput,
        )
        engine.put_price(services.db, price, current_operator(router))
        return json_response(200, price_view(price))

    return router


def _check(budget: Budget) -> None:
    """Raise InvalidInput for a period or a subject that the scope does not have."""
    faults = []
    if (budget.scope == "task") != (budget.period == "life"):
        faults.append(Fault("period", "must be `life` for the scope `task`, and `day` or `month` for the others"))
    if budget.scope in ("stack", "task") and budget.subject != "*":
        faults.append(Fault("subject", f"must be * for the scope `{budget.scope}`"))
    if faults:
        raise InvalidInput("The budget was not accepted.", faults)


def budget_view(budget: Budget) -> budgets.BudgetView:
    """Return a budget as operators read it."""
    return {
        "scope": budget.scope,
        "subject": budget.subject,
        "period": budget.period,
        "limit": budget.amount,
        "onLimit": budget.on_limit,
        "version": budget.version,
        "used": budget.settled,
        "reserved": budget.reserved,
        "spender": budget.spender,
    }


def price_view(price: Price) -> budgets.PriceView:
    """Return a price as operators read it."""
    return {
        "model": price.model,
        "perRequest": price.per_request,
        "perMillionInput": price.per_million_input,
        "perMillionOutput": price.per_million_output,
    }
