"""Open routes: the health of the API, and its description."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services
from orchestrator.http.operation import operation
from orchestrator.http.schemas.names import responses
from orchestrator.model.errors import NotFound

if TYPE_CHECKING:
    from orchestrator.http.errors import JsonResponse


def health_routes(services: Services) -> Router:
    router = Router()

    @router.get("/health")
    @operation("Whether the API is up", {200: responses.Health}, access="open", tag="meta")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": services.version}

    @router.get("/openapi.json")
    @operation("This document", {200: responses.AnyObject}, access="open", tag="meta")
    def openapi() -> JsonResponse:
        return Response(status_code=200, content_type="application/json", body=_document(services.application))

    return router


@cache
def _document(application: str) -> str:
    """Return the application's openapi.json, which is generated at build time. Raise NotFound where it has none."""
    try:
        return resources.files(application).joinpath("openapi.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound("This application has no description.") from error
