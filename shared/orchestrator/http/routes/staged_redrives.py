"""Operators: list, advance and stop staged redrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.operators import staged_redrive
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import path_uuid
from orchestrator.http.schemas.names import operator_responses
from orchestrator.http.serializers import redrive_view

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse

#: Redrives shown beside those that run.
MOST_SHOWN = 20

REDRIVE_ID = Parameter("redrive_id", {"type": "string", "format": "uuid"}, "path")


def staged_redrive_routes(services: Services) -> Router:
    router = Router()

    @router.get("/ops/redrives")
    @operation(
        "Redrives in stages or at a rate that run, and the newest of all",
        {200: operator_responses.Redrives},
        access="operator",
        tag="ops",
    )
    def list_redrives() -> JsonResponse:
        return json_response(
            200, {"items": [redrive_view(each) for each in staged_redrive.newest(services.db, MOST_SHOWN)]}
        )

    @router.post("/ops/redrives/<redrive_id>/advance")
    @operation(
        "Advance a staged redrive, and return its progress",
        {200: operator_responses.RedriveView},
        parameters=(REDRIVE_ID,),
        access="operator",
        tag="ops",
    )
    def advance(redrive_id: str) -> JsonResponse:
        id = path_uuid(redrive_id, "redrive")
        advanced = staged_redrive.advance(services.db, services.queue, services.events, id)
        return json_response(200, redrive_view(advanced))

    @router.post("/ops/redrives/<redrive_id>/stop")
    @operation(
        "Let nothing more of a redrive go",
        {200: operator_responses.RedriveView},
        parameters=(REDRIVE_ID,),
        refusals=(409,),
        access="operator",
        tag="ops",
    )
    def stop(redrive_id: str) -> JsonResponse:
        stopped = staged_redrive.stop(services.db, path_uuid(redrive_id, "redrive"), current_operator(router))
        return json_response(200, redrive_view(stopped))

    return router
