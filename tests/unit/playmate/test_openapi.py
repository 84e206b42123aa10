from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.engine.agents import Agents
from orchestrator.http.app import Services, build_app
from orchestrator.http.openapi import UndeclaredRouteError, document
from orchestrator.http.routes import ROUTERS
from playmate import routes
from tools.quality import openapi


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(openapi.FILE.read_text(encoding="utf-8")))


def test_the_committed_document_is_fresh() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(), "run: make openapi"


def test_it_describes_the_served_routes_and_nothing_else(described: dict[str, Any]) -> None:
    app = build_app(cast("Services", None), (*ROUTERS, *routes.ROUTERS))
    served = {(route.method.lower(), route.openapi_path) for route in app.routes()}
    assert served == {(method, path) for path, item in described["paths"].items() for method in item}


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    text = json.dumps(described)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(schemas)


def test_each_operation_documents_its_name_and_its_errors(described: dict[str, Any]) -> None:
    operations = [operation for item in described["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"]
        is_open = operation.get("security") == []
        assert is_open or "401" in operation["responses"]


def test_path_parameters_are_those_of_the_path(described: dict[str, Any]) -> None:
    for path, item in described["paths"].items():
        in_path = set(re.findall(r"\{(\w+)\}", path))
        for operation in item.values():
            declared = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert declared == in_path, path


def test_a_submit_names_the_types_that_are_open_with_their_payloads(described: dict[str, Any]) -> None:
    body = described["paths"]["/api/tasks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["discriminator"]["mapping"]) == set(Agents("playmate.agents").open_types())


def test_a_route_that_declares_nothing_fails_the_build() -> None:
    def silent(_: Services) -> Router:
        router = Router()
        router.get("/silent")(dict)
        return router

    app = build_app(cast("Services", None), [silent])
    with pytest.raises(UndeclaredRouteError, match="/silent"):
        document(app.routes(), Agents("playmate.agents"), title="t", version="1")
