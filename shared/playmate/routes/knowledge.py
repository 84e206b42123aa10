"""The knowledge base: operators bring it in line with the documents of this version, or with their own."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.edge.errors import json_response
from orchestrator.edge.http import Services, acting_operator
from orchestrator.edge.operations import operation
from orchestrator.edge.requests import read
from orchestrator.model.errors import Fault, InvalidInput
from orchestrator.store import dead_letters
from playmate.store import knowledge


def knowledge_routes(services: Services) -> Router:
    router = Router()

    @router.post("/ops/knowledge")
    @operation(
        "Load the knowledge base: this version's documents, or the markdown given",
        {200: "playmate.routes.shapes:KnowledgeLoaded"},
        body="playmate.routes.shapes:KnowledgeBody",
        access="operator",
        tag="ops",
    )
    def load() -> Response[Any]:
        from playmate.routes.shapes import KnowledgeBody

        documents = _documents(read(KnowledgeBody, router.current_event).markdown)
        changed = services.db.run(knowledge.put_documents, documents)
        detail = {"documents": len(documents), "changed": changed}
        services.db.run(dead_letters.audit, acting_operator(router), "knowledge", detail)
        return json_response(200, detail)

    return router


def _documents(markdown: str) -> list[knowledge.Document]:
    from playmate.knowledge import BadDocument, parse, read_documents

    if not markdown:
        return read_documents()
    try:
        found = list(parse(markdown))
    except (BadDocument, ValueError) as error:
        raise InvalidInput("The documents cannot be read.", [Fault("markdown", str(error))]) from error
    if not found:
        raise InvalidInput("There are no documents in it.", [Fault("markdown", "has no heading `## …`")])
    return found
