"""The way from a token to a WebSocket: a ticket of one use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.live.subscriptions import TICKET_LIFE, issue_ticket
from orchestrator.http.app import Services, identity
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.rate_limits import check_ticket
from orchestrator.http.schemas.names import responses

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse


def realtime_routes(services: Services) -> Router:
    router = Router()

    @router.post("/api/realtime/ticket")
    @operation(
        "A ticket for the WebSocket",
        {200: responses.Ticket},
        refusals=(429,),
        tag="realtime",
    )
    def ticket() -> JsonResponse:
        caller = identity(router)
        check_ticket(services.db, services.tokens, caller.owner)
        issued = issue_ticket(services.db, caller.owner, caller.expires_at, caller.session)
        url = f"{services.websocket_url}?ticket={issued}"
        return json_response(200, {"ticket": issued, "url": url, "expiresIn": TICKET_LIFE})

    return router
