"""The guardian's own kids."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_owner
from orchestrator.http.errors import json_response
from orchestrator.http.operation import Parameter, operation
from orchestrator.http.request import read
from orchestrator.model.errors import Conflict, NotFound
from playmate.routes.renewal import renew_after_change
from playmate.schemas.names import shapes
from playmate.store import kids
from playmate.store.accounts import guardian_id

KID = shapes.Kid
KID_ID = Parameter("kid_id", {"type": "integer", "minimum": 1}, "path")


def kid_routes(services: Services) -> Router:
    router = Router()

    @router.get("/api/kids/mykids")
    @operation("The caller's kids", {200: shapes.Kids}, tag="kids")
    def my_kids() -> Response[Any]:
        mine = services.db.run(kids.of_guardian, guardian_id(current_owner(router)))
        return json_response(200, [kid.public() for kid in mine])

    @router.post("/api/kids")
    @operation("Add a kid", {201: KID}, body=shapes.KidBody, refusals=(409,), tag="kids")
    def add() -> Response[Any]:
        from playmate.schemas.shapes import KidBody

        body = read(KidBody, router.current_event)
        me = guardian_id(current_owner(router))
        with services.db.transaction() as conn:
            kid = kids.add(conn, me, name=body.name, age=body.age, favorite_activity=body.favoriteActivity)
            if kid is None:
                raise Conflict(f"An account has {kids.MOST_KIDS} kids at most.", code="too_many_kids")
            renew_after_change(services, router, conn)
        return json_response(201, kid.public())

    @router.delete("/api/kids/<kid_id>")
    @operation(
        "Remove a kid",
        {200: shapes.Message},
        parameters=(KID_ID,),
        refusals=(404,),
        tag="kids",
    )
    def remove(kid_id: str) -> Response[Any]:
        known = kid_id.isascii() and kid_id.isdigit() and len(kid_id) <= 18
        with services.db.transaction() as conn:
            if not known or not kids.remove(conn, int(kid_id)):
                raise NotFound("There is no such kid of yours.")
            renew_after_change(services, router, conn)
        return json_response(200, {"message": "The kid is removed."})

    return router
