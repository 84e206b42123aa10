"""Streams of the caller's tasks: the text that a handler writes while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import TASK_ID, Parameter, operation
from orchestrator.http.request import Query, path_name, path_uuid
from orchestrator.http.schemas.names import responses
from orchestrator.http.serializers import stream_view
from orchestrator.model.errors import NotFound
from orchestrator.model.sizes import LONGEST_NAME, LONGEST_STREAM
from orchestrator.store import streams

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse

STREAM = Parameter("name", {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}, "path")
OFFSET = Parameter(
    "after",
    {"type": "integer", "minimum": 0, "maximum": LONGEST_STREAM, "default": 0},
    description="characters that the caller has already",
)


def stream_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/tasks/<task_id>/streams/<name>")
    @operation(
        "The text of a stream",
        {200: responses.StreamText},
        parameters=(TASK_ID, STREAM, OFFSET),
    )
    def read_stream(task_id: str, name: str) -> JsonResponse:
        query = Query(router.current_event)
        after = query.integer("after", low=0, high=LONGEST_STREAM) or 0
        query.check()
        found = services.db.run(streams.read_stream, current_owner(router), path_uuid(task_id), path_name(name), after)
        if found is None:
            raise NotFound("There is no such stream.")
        return json_response(200, stream_view(found, after))

    return router
