"""The family's playdate point."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner, submit_task
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from playmate.schemas.names import shapes
from playmate.store import points
from playmate.store.accounts import guardian_id

PATH = "/api/playdate-point/coordinates"
NOWHERE = {"playdate_latit": None, "playdate_longi": None}


def point_routes(services: Services) -> Router:
    router = Router()

    @router.get(PATH)
    @operation("Where the family likes to meet", {200: shapes.Point}, tag="playdate point")
    def coordinates() -> Response[Any]:
        point = services.db.run(points.get_point, guardian_id(current_owner(router)))
        return json_response(200, point.public() if point else NOWHERE)

    @router.post(PATH)
    @operation(
        "Move the playdate point",
        {202: shapes.TaskAccepted},
        body=shapes.PointBody,
        tag="playdate point",
    )
    def move() -> Response[Any]:
        from playmate.schemas.shapes import PointBody

        body = read(PointBody, router.current_event)
        payload = {"latitude": body.playdate_latit, "longitude": body.playdate_longi}
        return submit_task(services, router, "location.playdate.update", payload)

    return router
