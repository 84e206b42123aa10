"""The event stream of older frontends, which the WebSocket has replaced."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services
from orchestrator.http.operation import operation
from orchestrator.model.errors import Gone


def task_event_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/task-events")
    @operation("The stream of server-sent events: replaced by the WebSocket", {}, access="open", refusals=(410,))
    def stream() -> Response[Any]:
        raise Gone(
            "This stream has been replaced by a WebSocket. Get its address with POST /api/realtime/ticket, or use"
            " TaskEventSource of our JavaScript client in place of EventSource."
        )

    return router
