"""Signals for tasks: answers to what they wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.waiting.signals import Answerer, answer
from orchestrator.http.answer_tokens import answer_token
from orchestrator.http.app import Services, current_operator, has_identity, identity
from orchestrator.http.errors import json_response
from orchestrator.http.operation import TASK_ID, Parameter, operation
from orchestrator.http.request import path_uuid, read
from orchestrator.http.schemas.names import requests, responses

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

NAME = Parameter("name", {"type": "string", "minLength": 1, "maxLength": 100}, "path")


def signal_routes(services: Services) -> Router:
    router = Router()

    @router.post("/api/tasks/<task_id>/signals/<name>")
    @operation(
        "Send a task a signal; the first of a name counts",
        {202: responses.SignalReceipt},
        body=requests.SendSignal,
        parameters=(TASK_ID, NAME),
        refusals=(409,),
        access="answer",
    )
    def send(task_id: str, name: str) -> Response[Any]:
        from orchestrator.http.schemas.requests import SendSignal

        body, found_id = read(SendSignal, router.current_event), path_uuid(task_id)
        sender = _sender(router)
        answer(services.db, services.queue, services.events, sender, found_id, name, body.value)
        return json_response(202, {"taskId": str(found_id), "name": name})

    return router


def _sender(router: Router) -> Answerer:
    token = answer_token(router.current_event)
    if not has_identity(router):
        return Answerer(token=token)
    caller = identity(router)
    operator = current_operator(router) if caller.role == "operator" else None
    return Answerer(owner=caller.owner, operator=operator, token=token)
