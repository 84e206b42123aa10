"""The inbox: the newest recommendations of the caller's friends."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.serializers import fitting
from orchestrator.model.task import Json, Task, iso
from orchestrator.store import tasks
from playmate.schemas.names import shapes

TYPE = "friend.recommendations"
#: Recommendations that the inbox shows.
SIZE = 10


def inbox_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/tasks/inbox")
    @operation("The newest recommendations of friends", {200: shapes.Inbox})
    def inbox() -> Response[Any]:
        found = services.db.run(tasks.newest_completed, current_owner(router), TYPE, SIZE)
        return json_response(200, {"items": fitting(_item(task) for task in found)})

    return router


def _item(task: Task) -> dict[str, Json]:
    return {"id": str(task.id), "type": task.type, "result": task.result, "updatedAt": iso(task.updated_at)}
