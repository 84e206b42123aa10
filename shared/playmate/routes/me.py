"""The guardian's own account: the right to be forgotten."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.edge.auth import cleared_cookie
from orchestrator.edge.errors import json_response
from orchestrator.edge.http import Services, current_owner, current_trace
from orchestrator.edge.operations import operation
from orchestrator.engine.submit import Order, submit

#: One for each owner, so that asking twice is one task; its space keeps clients' keys from meeting it.
KEY = "forget me"


def me_routes(services: Services) -> Router:
    router = Router()

    @router.delete("/api/me")
    @operation("Erase the account and all its data", {202: "playmate.routes.shapes:TaskAccepted"}, tag="account")
    def forget() -> Response[Any]:
        order = Order(
            owner=current_owner(router),
            type="account.forget",
            payload={},
            idempotency_key=KEY,
            traceparent=current_trace(router),
            by_user=False,
        )
        task = submit(services.db, services.queue, services.agents, order).task
        accepted = {"taskId": str(task.id), "status": task.status.value, "traceId": task.trace_id}
        response = json_response(202, accepted)
        response.cookies.append(cleared_cookie(secure=services.secure_cookies))
        return response

    return router
