"""The knowledge base: operators bring it in line with the documents of this version, or with their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from orchestrator.http.app import Services, current_operator
from orchestrator.http.errors import json_response
from orchestrator.http.operation import operation
from orchestrator.http.request import read
from orchestrator.model.errors import Fault, InvalidInput
from orchestrator.store import audit
from playmate.schemas.names import shapes
from playmate.store import knowledge

SETTINGS = ("outdoor", "indoor", "either")
#: Years of the oldest kid.
OLDEST = 17
LONGEST_TITLE = 200


def knowledge_routes(services: Services) -> Router:
    router = Router()

    @router.post("/ops/knowledge")
    @operation(
        "Load the knowledge base: this version's documents, or the markdown given",
        {200: shapes.KnowledgeLoaded},
        body=shapes.KnowledgeBody,
        access="operator",
        tag="ops",
    )
    def load() -> Response[Any]:
        from playmate.schemas.shapes import KnowledgeBody

        documents = _documents(read(KnowledgeBody, router.current_event).markdown)
        changed = services.db.run(knowledge.put_documents, documents)
        detail = {"documents": len(documents), "changed": changed}
        services.db.run(audit.record_action, current_operator(router), "knowledge", detail)
        return json_response(200, detail)

    return router


def _documents(markdown: str) -> list[knowledge.Document]:
    """Return this version's documents, or those given. Raise InvalidInput with every fault."""
    from playmate.knowledge import BadDocument, parse, read_documents

    if not markdown:
        return read_documents()
    try:
        found = list(parse(markdown))
    except (BadDocument, ValueError) as error:
        raise InvalidInput("The documents cannot be read.", [Fault("markdown", str(error))]) from error
    faults = [Fault("markdown", f"{each.title[:80]}: {fault}") for each in found for fault in _faults(each)]
    slugs = [each.slug for each in found]
    faults += [
        Fault("markdown", f"the title {slug} is used twice") for slug in sorted(set(slugs)) if slugs.count(slug) > 1
    ]
    if not found:
        faults.append(Fault("markdown", "has no heading `## …`"))
    if faults:
        raise InvalidInput("The documents cannot be kept.", faults)
    return found


def _faults(document: knowledge.Document) -> Iterator[str]:
    if not document.slug or len(document.title) > LONGEST_TITLE:
        yield f"a title has letters or digits, and at most {LONGEST_TITLE} characters"
    if not document.body:
        yield "says nothing"
    if document.setting not in SETTINGS:
        yield f"setting is one of {', '.join(SETTINGS)}"
    if not 0 <= document.youngest <= document.oldest <= OLDEST:
        yield f"ages go from the youngest to the oldest, within 0-{OLDEST}"
