"""Operators: which account a name in a support request belongs to."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import Query
from playmate.schemas.names import plan_shapes
from playmate.store import accounts

NAME = Parameter("name", {"type": "string", "minLength": 1, "maxLength": 80})


def owner_routes(services: Services) -> Router:
    router = Router()

    @router.get("/ops/owners")
    @operation(
        "Accounts whose name begins with a text, by name",
        {200: plan_shapes.Owners},
        parameters=(NAME,),
        access="operator",
        tag="ops",
    )
    def by_name() -> Response[Any]:
        current_operator(router)
        query = Query(router.current_event)
        name = query.text("name", longest=80)
        query.check()
        if name is None:
            return json_response(200, {"items": []})
        found = services.db.run(accounts.owners_named, name)
        return json_response(200, {"items": [{"owner": str(owner), "name": shown} for owner, shown in found]})

    return router
