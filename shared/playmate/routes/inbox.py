"""The inbox: the newest recommendations about each friend, and about families with an open request."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.serializers import fitting
from orchestrator.model.task import Json, iso
from playmate.domain.recommendations import at_moment
from playmate.routes.renewal import read_recommendations
from playmate.schemas.names import shapes
from playmate.store.accounts import guardian_id
from playmate.store.recommendations import AboutFriend

TYPE = "friend.recommendations"
#: Recommendations that the inbox shows.
SIZE = 10


def inbox_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/tasks/inbox")
    @operation("The newest recommendations of friends", {200: shapes.Inbox})
    def inbox() -> Response[Any]:
        found = read_recommendations(services, router, guardian_id(current_owner(router)))
        items = [_item(each, each.result) for each in found if each.result is not None]
        return json_response(200, {"items": fitting(items[:SIZE])})

    return router


def _item(about: AboutFriend, result: dict[str, Any]) -> dict[str, Json]:
    shown = at_moment(result, about.now, about.friend.point)
    return {"id": str(about.task_id), "type": TYPE, "result": shown, "updatedAt": iso(about.made_at)}
