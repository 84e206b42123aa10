"""The guardian's own account: the right to be forgotten."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.app import Services, current_owner, current_trace
from orchestrator.http.authentication import cleared_cookie
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.model.states import FINAL, Status
from orchestrator.model.task import Task
from playmate.schemas.names import shapes
from playmate.store.accounts import guardian_id

#: One for each owner, so that asking twice is one task; its spaces keep clients' keys from meeting it.
KEY = "forget me"


def me_routes(services: Services) -> Router:
    router = Router()

    @router.delete("/api/me")
    @operation("Erase the account and all its data", {202: shapes.TaskAccepted}, tag="account")
    def forget() -> Response[Any]:
        owner, trace = str(guardian_id(current_owner(router))), current_trace(router)
        task = _ask(services, owner, trace)
        accepted = {"taskId": str(task.id), "status": task.status.value, "traceId": task.trace_id}
        response = json_response(202, accepted)
        response.cookies.append(cleared_cookie(secure=services.secure_cookies))
        return response

    return router


def _ask(services: Services, owner: str, trace: str) -> Task:
    """Return the erasure that is under way; a new one where those asked for before have ended without success."""
    key = KEY
    while True:
        order = TaskRequest(
            owner=owner, type="account.forget", payload={}, idempotency_key=key, traceparent=trace, by_user=False
        )
        task = submit(services.db, services.queue, services.agents, order).task
        if task.status not in FINAL or task.status is Status.COMPLETED:
            return task
        key = f"{KEY} after {task.id}"
