"""Operators: rotate the keys that sign access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.live.subscriptions import revoke
from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from orchestrator.http.routes.recorded import on_record
from orchestrator.http.schemas.names import operator_responses, requests
from orchestrator.model.errors import NotFound

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse


def token_key_routes(services: Services) -> Router:
    router = Router()

    @router.post("/ops/secrets/jwt/rotate")
    @operation(
        "New keys for access tokens; those of before verify for as long as their tokens live",
        {200: operator_responses.KeysRotated},
        body=requests.RotateKeys,
        refusals=(404,),
        access="operator",
        tag="ops",
    )
    def rotate() -> JsonResponse:
        from orchestrator.http.schemas.requests import RotateKeys

        body = read(RotateKeys, router.current_event)
        if services.rotate_keys is None:
            raise NotFound("This stack has no token keys.")
        detail = {"secret": "jwt", "revoke": body.revoke}
        with on_record(services, current_operator(router), "rotate", detail) as outcome:
            current = outcome["current"] = services.rotate_keys(body.revoke)
            if body.revoke:
                revoke(services.db)
        return json_response(200, {"current": current})

    return router
